import { Agent, request } from "node:http";
import { ConvexHttpClient } from "convex/browser";
import { describe, expect, it, onTestFinished } from "vitest";
import { startBackend } from "../src/backend";
import { httpClient, mutation, query, startFixture, type TestBackend } from "./support";

describe("HTTP actions", () => {
  it("get the request and answer as they like", async () => {
    const backend = await startFixture({ env: { FLAVOUR: "vanilla" } });
    const echo = await fetch(`${backend.siteUrl}/echo/a%20b?x=1&x=2`, {
      method: "POST",
      headers: { "Content-Type": "text/x-odd" },
      body: new Uint8Array(1_000_000),
    });
    expect(await echo.json()).toEqual({
      path: "/echo/a%20b?x=1&x=2",
      type: "text/x-odd",
      bytes: 1_000_000,
      user: null,
      site: backend.siteUrl,
      flavour: "vanilla",
    });
    const note = await fetch(`${backend.siteUrl}/notes`, { method: "POST", body: "x" });
    expect(note.status).toBe(201);
    expect(note.headers.get("X-Note")).toBe(await note.text());
    expect(note.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    const empty = await fetch(`${backend.siteUrl}/empty`);
    expect([empty.status, await empty.text()]).toEqual([204, ""]);
    expect((await fetch(`${backend.siteUrl}/empty`, { method: "HEAD" })).status).toBe(204);
  });

  it("see the user of a token, and keys of their own as nobody", async () => {
    const backend = await startFixture();
    const other = await startFixture();
    const userWith = async (authorization: string): Promise<unknown> => {
      const headers = { Authorization: authorization };
      const url = `${backend.siteUrl}/echo/`;
      const response = await fetch(url, { method: "POST", headers });
      return ((await response.json()) as { user: unknown }).user;
    };
    expect(await userWith(`Bearer ${await backend.token("alice")}`)).toBe("alice");
    expect(await userWith(`Bearer ${await other.token("alice")}`)).toBeNull();
    expect(await userWith("Bearer a-key.of-its.own")).toBeNull();
    expect(await userWith("Basic eDp5")).toBeNull();
  });

  it("that are not there are 404, broken ones 500", async () => {
    const backend = await startFixture();
    for (const [path, method] of [
      ["/nothing", "GET"],
      ["/notes", "GET"],
      ["//notes", "POST"],
    ] as const) {
      const response = await fetch(backend.siteUrl + path, { method });
      expect(response.status).toBe(404);
      expect(await response.text()).toContain("No HttpAction routed for");
    }
    const broken = await fetch(`${backend.siteUrl}/broken`);
    expect(broken.status).toBe(500);
    expect(await broken.json()).toEqual({
      code: expect.stringMatching(
        /^\[Request ID: \w+\] Server Error: Uncaught Error: broken on purpose/,
      ) as string,
      trace: expect.stringMatching(/^Uncaught Error: broken on purpose/) as string,
    });
    expect(backend.logs.join()).toContain("broken on purpose");
  });

  it("get bodies of any size", async () => {
    const backend = await startFixture();
    const body = new Uint8Array(40 * 1024 * 1024);
    const echo = await fetch(`${backend.siteUrl}/echo/`, { method: "POST", body });
    expect(await echo.json()).toMatchObject({ bytes: body.length });
  });

  it("get a body while it comes, and may answer before its end", async () => {
    const backend = await startFixture();
    let send: (text: string) => void = () => undefined;
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        send = (text) => {
          controller.enqueue(Buffer.from(text));
        };
        send("first");
      },
    });
    const init = { method: "POST", body, duplex: "half" } as RequestInit;
    const answer = await fetch(`${backend.siteUrl}/first-chunk`, init);
    expect(await answer.text()).toBe("first");
    send("second");
    const whole = await fetch(`${backend.siteUrl}/unread`, {
      method: "POST",
      body: new Uint8Array(30 * 1024 * 1024),
    });
    expect(await whole.text()).toBe("not read");
  });

  it("may leave a body unread: the client may send it all, and go on", async () => {
    const backend = await startFixture();
    const { port, hostname } = new URL(backend.siteUrl);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => {
      agent.destroy();
    });
    // Like most clients, and unlike `fetch`, it sends everything before it looks at the answer.
    const post = (path: string, size: number): Promise<string> =>
      new Promise((resolve, reject) => {
        const sending = request({ agent, port, hostname, path, method: "POST" }, (response) => {
          let text = "";
          response.on("data", (chunk: Buffer) => (text += chunk.toString()));
          response.on("end", () => {
            sent.then(() => {
              resolve(text);
            }, reject);
          });
        });
        sending.on("error", reject);
        const sent = new Promise((done) => sending.end(Buffer.alloc(size), done as () => void));
      });
    for (const size of [30_000_000, 10, 30_000_000]) {
      expect(await post("/unread", size)).toBe("not read");
    }
    expect(await post("/echo/", 1_000)).toContain('"bytes":1000');
  });

  it("answer 20 MiB at most", async () => {
    const backend = await startFixture();
    const limit = 20 * 1024 * 1024;
    const answered = async (bytes: number): Promise<number> => {
      const response = await fetch(`${backend.siteUrl}/bytes?count=${bytes}`);
      return (await response.arrayBuffer()).byteLength;
    };
    expect(await answered(limit)).toBe(limit);
    expect(await answered(limit + 1)).toBeLessThan(limit);
    expect(backend.logs.join()).toContain("HttpResponseTooLarge");
  });

  it("survive requests that are cut off or no HTTP", async () => {
    const backend = await startFixture();
    const { port, hostname } = new URL(backend.siteUrl);
    await new Promise((resolve) => {
      const cut = request({ port, hostname, path: "/notes", method: "POST" });
      cut.setHeader("Content-Length", 1_000);
      cut.on("error", resolve);
      cut.write("only a part");
      setImmediate(() => cut.destroy());
      cut.on("close", resolve);
    });
    const star = await new Promise<number | undefined>((resolve, reject) => {
      request({ port, hostname, path: "*", method: "OPTIONS" }, ({ statusCode }) => {
        resolve(statusCode);
      })
        .on("error", reject)
        .end();
    });
    expect(star).toBe(400);
    expect(await (await httpClient(backend)).query(query("notes:count"), {})).toBe(0);
  });
});

describe("GET /dev/token", () => {
  // `fetch` does not let one choose the Host.
  function askAs(backend: TestBackend, headers: object, path = "/dev/token?subject=alice") {
    return new Promise<{ status: number | undefined; body: string; allowed: unknown }>(
      (resolve, reject) => {
        request(backend.url + path, { headers: { ...headers } }, (response) => {
          let body = "";
          response.on("data", (chunk: Buffer) => (body += chunk.toString()));
          response.on("end", () => {
            const allowed = response.headers["access-control-allow-origin"];
            resolve({ status: response.statusCode, body, allowed });
          });
        })
          .on("error", reject)
          .end();
      },
    );
  }

  it("signs in this machine's own pages and programs", async () => {
    const backend = await startFixture();
    const { host } = new URL(backend.url);
    for (const origin of ["http://localhost:5173", "http://127.0.0.1:1", "http://[::1]:5173"]) {
      const { status, body, allowed } = await askAs(backend, { host, origin });
      expect([status, allowed]).toEqual([200, origin]);
      const client = await httpClient(backend);
      client.setAuth((JSON.parse(body) as { token: string }).token);
      expect(await client.query(query("notes:whoAmI"), {})).toMatchObject({ subject: "alice" });
    }
    expect((await askAs(backend, { host: "localhost:3210" })).status).toBe(200);
    expect((await askAs(backend, { host }, "/dev/token")).status).toBe(400);
  });

  it.each([
    ["a foreign page", { origin: "https://evil.example" }],
    ["a page without an address", { origin: "null" }],
    ["a name that was bent to this machine", { host: "evil.example:3210" }],
    ["a name that only looks local", { host: "127.0.0.1.evil.example" }],
  ])("refuses %s", async (_, headers) => {
    const backend = await startFixture();
    const { status, body, allowed } = await askAs(backend, {
      host: new URL(backend.url).host,
      ...headers,
    });
    expect([status, allowed]).toEqual([403, undefined]);
    expect(body).not.toContain('token":');
  });
});

describe("starting and stopping", () => {
  it("says which port is in use, and leaves nothing behind", async () => {
    const backend = await startFixture();
    const port = Number(new URL(backend.url).port);
    const sitePort = Number(new URL(backend.siteUrl).port);
    await expect(startBackend({ port, sitePort: 0 })).rejects.toThrow(
      `Port ${port} is in use. Stop the program that uses it, or choose another port with --port.`,
    );
    const before = process.env["CONVEX_CLOUD_URL"];
    await expect(startBackend({ port: 0, sitePort })).rejects.toThrow("--site-port");
    expect(process.env["CONVEX_CLOUD_URL"]).toBe(before);
  });

  it("fails on a folder without functions", async () => {
    const options = { port: 0, sitePort: 0, functionsDir: "/nowhere" };
    await expect(startBackend(options)).rejects.toThrow("no functions folder /nowhere");
  });

  it("closes at once, with clients connected, and starts again on the same ports", async () => {
    const first = await startFixture({ env: { FLAVOUR: "mint" } });
    const client = new ConvexHttpClient(first.url);
    await client.mutation(mutation("notes:add"), { text: "gone" });
    await first.close();
    expect(process.env["FLAVOUR"]).toBeUndefined();
    await expect(fetch(first.url)).rejects.toThrow();
    const second = await startFixture({
      port: Number(new URL(first.url).port),
      sitePort: Number(new URL(first.siteUrl).port),
    });
    expect(second.url).toBe(first.url);
    expect(await client.query(query("notes:count"), {})).toBe(0);
  });

  it("writes what functions log, with their names, to its own log alone", async () => {
    const backend = await startFixture();
    await fetch(`${backend.siteUrl}/notes`, { method: "POST", body: "x" });
    expect(backend.logs).toEqual([
      "[HTTP POST /notes] [WARN] a note comes in",
      "[MUTATION notes:add] [LOG] adding { text: 'x' }",
    ]);
  });
});
