// @vitest-environment node
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createServer, preview, type InlineConfig, type Plugin } from "vite";
import { afterEach, describe, expect, test } from "vitest";
import { HttpError } from "../../../local/src/http/exchange";
import { devTokens } from "../../dev/tokenMiddleware";
import { get } from "./get";

const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const SERVERS = ["dev", "preview"] as const;

async function serve(kind: (typeof SERVERS)[number], plugin: Plugin): Promise<string> {
  const root = mkdtempSync(path.join(tmpdir(), "token-middleware-"));
  closers.push(() => {
    rmSync(root, { recursive: true });
  });
  writeFileSync(path.join(root, "index.html"), "<title>A page</title>");
  const address = { host: "127.0.0.1", port: 0 };
  const config: InlineConfig = {
    configFile: false,
    root,
    logLevel: "silent",
    plugins: [plugin],
    server: { ...address, ws: false },
    preview: address,
    build: { outDir: "." },
    optimizeDeps: { noDiscovery: true },
  };
  const server =
    kind === "dev" ? await (await createServer(config)).listen() : await preview(config);
  closers.push(() => server.close());
  return server.resolvedUrls?.local[0]?.replace(/\/$/, "") ?? "";
}

const named = devTokens({ token: (subject) => Promise.resolve(`token of ${subject}`) });

describe.each(SERVERS)("the %s server", (kind) => {
  test("gives a token for its own pages and for programs of this machine", async () => {
    const url = await serve(kind, named);
    for (const headers of [{}, { Origin: url }, { Origin: "http://localhost:3000" }]) {
      const answer = await get(`${url}/dev/token?subject=al%20ice`, headers);
      expect(answer.status).toBe(200);
      expect(JSON.parse(answer.body)).toEqual({ token: "token of al ice" });
      expect(answer.header("content-type")).toBe("application/json");
      expect(answer.header("cache-control")).toBe("no-store");
    }
  });

  test.each([
    ["another site's page", { Origin: "https://evil.example" }],
    ["a page without an origin", { Origin: "null" }],
    ["a foreign name that points here", { Host: "evil.example" }],
  ])("gives none to %s", async (_who, headers) => {
    const url = await serve(kind, named);
    const answer = await get(`${url}/dev/token?subject=alice`, headers);
    expect(answer.status).toBe(403);
    expect(answer.body).not.toContain("token of");
  });

  test("wants to know for whom", async () => {
    const url = await serve(kind, named);
    for (const query of ["", "?subject="]) {
      const answer = await get(`${url}/dev/token${query}`);
      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.body)).toMatchObject({ code: "BadRequest" });
    }
  });

  test("says why there is none", async () => {
    const url = await serve(
      kind,
      devTokens({ token: () => Promise.reject(new HttpError(404, "NoDevIssuer", "Run it.")) }),
    );
    const answer = await get(`${url}/dev/token?subject=alice`);
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.body)).toEqual({ code: "NoDevIssuer", message: "Run it." });
  });

  test("survives an issuer that fails", async () => {
    const url = await serve(
      kind,
      devTokens({ token: () => Promise.reject(new Error("The key is broken.")) }),
    );
    const answer = await get(`${url}/dev/token?subject=alice`);
    expect(answer.status).toBe(500);
    expect(JSON.parse(answer.body)).toMatchObject({ message: "The key is broken." });
  });

  test("leaves everything else alone", async () => {
    const url = await serve(kind, named);
    expect((await get(`${url}/`)).body).toContain("<title>A page</title>");
    expect((await get(`${url}/dev/tokens?subject=a`)).body).not.toContain("token of");
  });
});
