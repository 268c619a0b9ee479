// @vitest-environment node
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { servePage, type PageOptions, type ServedPage } from "../../dev/servePage";
import { get } from "./get";

const REPOSITORY = path.join(import.meta.dirname, "../../..");
const CONVEX_URL = "http://127.0.0.1:54321";

const folder = mkdtempSync(path.join(tmpdir(), "serve-page-"));
const logged: string[] = [];
const options: PageOptions = {
  port: 0,
  convexUrl: CONVEX_URL,
  apiUrl: null,
  token: (subject) => Promise.resolve(`token of ${subject}`),
  log: (line) => logged.push(line),
};

beforeAll(() => {
  // Where builds put what they leave behind.
  vi.stubEnv("TMPDIR", folder);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

describe("a served page", () => {
  let page: ServedPage;
  let isOpened = false;

  beforeAll(async () => {
    page = await servePage(options);
    void page.opened.then(() => (isOpened = true));
  });
  afterAll(async () => {
    await page.close();
  });

  /** The built files that the page names. */
  async function assets(): Promise<string[]> {
    const { body } = await get(page.url);
    return [...body.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, name = ""]) => name);
  }

  test("is built and served without a word, and leaves nothing on the disk", () => {
    expect(logged).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("is a page: language, width, colours, title, icon", async () => {
    const answer = await get(page.url);
    expect(answer.status).toBe(200);
    expect(answer.header("content-type")).toBe("text/html; charset=utf-8");
    expect(answer.body).toContain('<html lang="en">');
    expect(answer.body).toContain("width=device-width");
    expect(answer.body).toContain('name="color-scheme" content="light dark"');
    expect(answer.body).toMatch(/<title>\w+<\/title>/);
    expect(answer.body).toContain('href="data:image/svg+xml,');
    expect(answer.body).toContain('<div id="root"></div>');
    expect(answer.body).toContain("<noscript>");
  });

  test("its own paths are all the one page", async () => {
    expect((await get(`${page.url}/job/1`)).body).toBe((await get(page.url)).body);
  });

  test("its files have their types", async () => {
    const names = await assets();
    const types = new Map<string, string | undefined>();
    for (const name of names) {
      const answer = await get(page.url + name);
      expect(answer.status).toBe(200);
      expect(answer.header("x-content-type-options")).toBe("nosniff");
      types.set(path.extname(name), answer.header("content-type"));
    }
    expect(types.get(".js")).toBe("text/javascript; charset=utf-8");
    expect(types.get(".css")).toBe("text/css; charset=utf-8");
  });

  test("is built for production, for its deployment, and does not tell where", async () => {
    const scripts = (await assets()).filter((name) => name.endsWith(".js"));
    const code = (await Promise.all(scripts.map((name) => get(page.url + name)))).map(
      ({ body }) => body,
    );
    expect(code.join("")).toContain(CONVEX_URL);
    expect(code.join("")).not.toContain(REPOSITORY);
    expect(code.join("")).not.toContain("jsxDEV");
  });

  test("there is nothing else", async () => {
    for (const name of ["/assets/none.js", "/package.json", "/..%2f..%2fpackage.json"]) {
      expect((await get(page.url + name)).status, name).toBe(404);
    }
    const { status, header } = await get(page.url, {}, "HEAD");
    expect([status, header("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    expect((await get(page.url, {}, "POST")).status).toBe(405);
    expect((await get(`${page.url}/dev/token?subject=a`, {}, "POST")).status).toBe(405);
  });

  test("is for this machine only, and so are its tokens", async () => {
    const token = `${page.url}/dev/token?subject=alice`;
    expect((await get(page.url, { Host: "evil.example" })).status).toBe(403);
    expect((await get(token, { Host: "evil.example" })).status).toBe(403);
    expect((await get(token, { Origin: "https://evil.example" })).status).toBe(403);
    expect((await get(`${page.url}/dev/token`)).status).toBe(400);
    expect(isOpened).toBe(false);
  });

  test("is open when it asks for its first token", async () => {
    const answer = await get(`${page.url}/dev/token?subject=alice`, { Origin: page.url });
    expect(answer.status).toBe(200);
    expect(answer.header("cache-control")).toBe("no-store");
    expect(JSON.parse(answer.body)).toEqual({ token: "token of alice" });
    await page.opened;
  });
});

test("a port in use: which flag chooses another", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await expect(servePage({ ...options, port })).rejects.toThrow(
    new RegExp(`Port ${port} is in use.*--page-port`),
  );
  server.close();
});

test("ended while it is built: nothing listens, nothing stays", async () => {
  const controller = new AbortController();
  setTimeout(() => {
    controller.abort();
  }, 200);
  await expect(servePage({ ...options, signal: controller.signal })).rejects.toThrow(/abort/i);
  expect(readdirSync(folder)).toEqual([]);
});
