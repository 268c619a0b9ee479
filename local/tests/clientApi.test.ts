import { ConvexHttpClient } from "convex/browser";
import { describe, expect, it } from "vitest";
import { action, httpClient, mutation, query, startFixture, type TestBackend } from "./support";

const JSON_TYPE = { "Content-Type": "application/json" };

const post = (backend: TestBackend, path: string, body: string, headers = {}): Promise<Response> =>
  fetch(backend.url + path, { method: "POST", body, headers: { ...JSON_TYPE, ...headers } });

describe("the client API", () => {
  it("serves the published HTTP client", async () => {
    const backend = await startFixture();
    const client = await httpClient(backend, "alice");
    await client.mutation(mutation("notes:add"), { text: "one" });
    expect(await client.action(action("notes:addTwice"), { text: "two" })).toBe("done");
    expect(await client.query(query("notes:list"), {})).toEqual(["one", "two", "two"]);
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- it is part of the client's API
    expect(await client.consistentQuery(query("notes:count"), {})).toBe(3);
    expect(await new ConvexHttpClient(backend.url).query(query("notes:list"), {})).toEqual([]);
  });

  it("takes a plain object of arguments, as curl sends it", async () => {
    const backend = await startFixture();
    const response = await post(
      backend,
      "/api/mutation",
      JSON.stringify({ path: "notes:add", args: { text: "x" }, format: "json" }),
    );
    expect([response.status, await response.json()]).toMatchObject([200, { status: "success" }]);
  });

  it.each([
    ["/api/mutation", { path: "notes:addAndFail", args: [{ reason: "convex" }] }],
    ["/api/function", { path: "notes:addAndFail", args: { reason: "convex" } }],
    ["/api/run/notes/addAndFail", { args: { reason: "convex" } }],
    ["/api/action", { path: "notes:failToAdd", args: { reason: "convex" } }],
    ["/api/query", { path: "notes:fail", args: { reason: "convex" } }],
  ])("%s answers a function's error with 200", async (path, body) => {
    const backend = await startFixture();
    const response = await post(backend, path, JSON.stringify(body));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      status: "error",
      errorData: { code: "no_luck" },
      errorMessage: expect.stringMatching(
        /^\[Request ID: \w+\] Server Error\n(?:Uncaught ConvexError: )+\{"code":"no_luck"\}/,
      ) as string,
    });
  });

  it.each([
    ["nothing:there", "Could not find public function for 'nothing:there'."],
    ["notes:touch", "Trying to execute notes.js:touch as Query, but it is defined as Mutation."],
  ])("answers a call of %s with 200, too", async (path, message) => {
    const backend = await startFixture();
    const response = await post(backend, "/api/query", JSON.stringify({ path, args: {} }));
    expect([response.status, await response.json()]).toEqual([
      200,
      { status: "error", errorMessage: expect.stringContaining(message) as string },
    ]);
  });

  it("gives values as plain JSON, or with their types to who asks for them", async () => {
    const backend = await startFixture();
    const value = [{ $integer: "AQAAAAAAAAA=" }, { $bytes: "AQI=" }, { $float: "AAAAAAAA+H8=" }, 1];
    const call = (format?: string) =>
      post(
        backend,
        "/api/query",
        JSON.stringify({ path: "notes:echo", args: { value }, ...(format && { format }) }),
      ).then((response) => response.json());
    expect(await call()).toEqual({ status: "success", value: ["1", "AQI=", "NaN", 1] });
    expect(await call("json")).toEqual(await call());
    expect(await call("convex_encoded_json")).toEqual({ status: "success", value });
    expect(await call("xml")).toMatchObject({ code: "BadFormat" });
  });

  it("runs functions named in the address, several at once, and queries by GET", async () => {
    const backend = await startFixture();
    const json = async (response: Promise<Response>): Promise<unknown> => (await response).json();
    const args = { text: "x" };
    expect(await json(post(backend, "/api/run/notes/add", JSON.stringify({ args })))).toMatchObject(
      { status: "success" },
    );
    expect(await json(post(backend, "/api/run/add", JSON.stringify({ args })))).toMatchObject({
      code: "MissingIdentifier",
    });
    const query = "path=notes:count&args=%7B%7D";
    expect(await json(fetch(`${backend.url}/api/query?${query}`))).toEqual({
      status: "success",
      value: 1,
    });
    expect((await fetch(`${backend.url}/api/query?path=notes:count`)).status).toBe(400);
    const queries = ["notes:count", "notes:first"].map((path) => ({ path, args: {} }));
    expect(await json(post(backend, "/api/query_batch", JSON.stringify({ queries })))).toEqual({
      results: [
        { status: "success", value: 1 },
        { status: "success", value: "x" },
      ],
    });
  });

  it.each([
    ["/api/query", "{", 400, "BadJsonBody"],
    ["/api/query", "[]", 400, "BadJsonBody"],
    ["/api/query", '{"args":{}}', 400, "BadJsonBody"],
    ["/api/query", '{"path":"notes:list"}', 400, "BadJsonBody"],
    ["/api/query", '{"path":"../notes:list","args":{}}', 400, "BadConvexFunctionIdentifier"],
    ["/api/query", '{"path":"notes:li st","args":{}}', 400, "BadConvexFunctionIdentifier"],
    ["/api/query_batch", '{"queries":[1]}', 400, "BadJsonBody"],
    ["/api/nothing", "{}", 404, "NotFound"],
  ])("POST %s %s is %i %s", async (path, body, status, code) => {
    const backend = await startFixture();
    const response = await post(backend, path, body);
    expect([response.status, await response.json()]).toMatchObject([status, { code }]);
  });

  it.each(['"x"', '["x"]', "1", '{"value":{"$integer":"x"}}'])(
    "fails the call, not the request, for the arguments %s",
    async (args) => {
      const backend = await startFixture();
      const response = await post(backend, "/api/query", `{"path":"notes:echo","args":${args}}`);
      expect([response.status, await response.json()]).toMatchObject([
        200,
        { errorMessage: expect.stringContaining("Invalid arguments for notes.js:echo") as string },
      ]);
    },
  );

  it("takes JSON only, up to 16 MiB", async () => {
    const backend = await startFixture();
    const body = '{"path":"notes:list","args":{}}';
    const text = await post(backend, "/api/query", body, { "Content-Type": "text/plain" });
    expect([text.status, await text.json()]).toMatchObject([400, { code: "BadJsonBody" }]);
    const padding = " ".repeat(16 * 1024 * 1024);
    const fits = await post(backend, "/api/query", body + padding);
    expect(fits.status).toBe(200);
    const tooLarge = await post(backend, "/api/query", body + padding + " ".repeat(2_000));
    expect([tooLarge.status, await tooLarge.json()]).toMatchObject([
      400,
      { code: "BadJsonBody", message: expect.stringContaining("length limit exceeded") as string },
    ]);
  });

  it.each([
    ["Basic eDp5", 400, "InvalidAdminKey"],
    ["Bearer", 400, "InvalidHeaderFailure"],
    ["Convex key", 401, "BadAdminKey"],
  ])("refuses the Authorization `%s` with %i", async (Authorization, status, code) => {
    const backend = await startFixture();
    const body = '{"path":"notes:list","args":{}}';
    const response = await post(backend, "/api/query", body, { Authorization });
    expect([response.status, await response.json()]).toMatchObject([status, { code }]);
  });

  it("lets pages of any origin call it", async () => {
    const backend = await startFixture();
    const origin = "https://app.example.org";
    const preflight = await fetch(`${backend.url}/api/query`, {
      method: "OPTIONS",
      headers: { Origin: origin, "Access-Control-Request-Headers": "authorization,convex-client" },
    });
    expect(preflight.ok).toBe(true);
    expect(preflight.headers.get("Access-Control-Allow-Headers")).toContain("convex-client");
    const refused = await post(backend, "/api/query", "{", { Origin: origin });
    for (const response of [preflight, refused]) {
      expect(response.headers.get("Access-Control-Allow-Origin")).toBe(origin);
    }
  });

  it("says that it is there", async () => {
    const backend = await startFixture();
    for (const path of ["/", "/version", "/instance_name"]) {
      expect((await fetch(backend.url + path)).status).toBe(200);
    }
  });
});
