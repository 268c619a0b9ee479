import { randomUUID } from "node:crypto";
import { ConvexError } from "convex/values";
import { describe, expect, it } from "vitest";
import { proxyTo } from "./proxy";
import { RawClient } from "./rawClient";
import { action, connect, eventually, httpClient, mutation, startFixture, watch } from "./support";

describe("a mutation", () => {
  it("resolves when the client's own subscription already shows it", async () => {
    const backend = await startFixture();
    const client = connect(backend);
    const seen = watch(client, "notes:list");
    for (const name of ["notes:add", "notes:addSlowly"]) {
      for (let round = 0; round < 20; round += 1) {
        const text = `${name} ${round}`;
        await client.mutation(mutation(name), { text });
        expect(seen.at(-1)).toContain(text);
      }
    }
  });

  it("resolves without any subscription, and when it changed nothing", async () => {
    const backend = await startFixture();
    const client = connect(backend);
    expect(await client.mutation(mutation("notes:touch"), {})).toBe("untouched");
  });

  it("runs after those that the client sent before it", async () => {
    const backend = await startFixture();
    const client = connect(backend);
    const seen = watch(client, "notes:list");
    const texts = ["slow", "a", "slow too", "b", "c"];
    await Promise.all(
      texts.map((text) =>
        client.mutation(mutation(text.startsWith("slow") ? "notes:addSlowly" : "notes:add"), {
          text,
        }),
      ),
    );
    expect(seen.at(-1)).toEqual(texts);
  });

  it("that throws changes nothing and tells why", async () => {
    const backend = await startFixture();
    const client = connect(backend);
    const http = await httpClient(backend);
    const counted = watch(client, "notes:count");
    for (const caller of [client, http]) {
      const thrown = caller.mutation(mutation("notes:addAndFail"), { reason: "convex" });
      await expect(thrown).rejects.toThrow(ConvexError);
      await expect(thrown).rejects.toMatchObject({ data: { code: "no_luck" } });
      await expect(
        caller.mutation(mutation("notes:addAndFail"), { reason: "plain" }),
      ).rejects.toThrow("Uncaught Error: no luck");
      await expect(caller.mutation(mutation("notes:add"), { txt: "a slip" })).rejects.toThrow(
        "Missing required field `text`",
      );
    }
    await client.mutation(mutation("notes:touch"), {});
    expect(counted).toEqual([0]);
  });

  it("is not run twice when the connection breaks before its answer", async () => {
    const backend = await startFixture();
    const proxy = await proxyTo(backend);
    const client = connect(backend, "alice", proxy.url);
    const seen = watch(client, "notes:list");
    await eventually(() => {
      expect(seen).toEqual([[]]);
    });
    proxy.mute();
    const answer = client.mutation(mutation("notes:add"), { text: "once" });
    const alice = connect(backend, "alice");
    const witness = watch(alice, "notes:list");
    await eventually(() => {
      expect(witness.at(-1)).toEqual(["once"]);
    });
    proxy.cut();
    expect(await answer).toEqual(expect.any(String));
    expect(seen.at(-1)).toEqual(["once"]);
    await alice.mutation(mutation("notes:add"), { text: "twice" });
    expect(witness.at(-1)).toEqual(["once", "twice"]);
  });

  it("that has succeeded is answered from the record when it is sent again", async () => {
    const backend = await startFixture();
    const session = randomUUID();
    const first = await RawClient.connected(backend, session);
    first.mutate(0, "notes:add", { text: "x" });
    const answers = await first.received("MutationResponse");
    const second = await RawClient.connected(backend, session);
    second.mutate(0, "notes:add", { text: "x" });
    expect(await second.received("MutationResponse")).toEqual(answers);
    await second.received("Transition");
    // The same ids of another session are other mutations.
    const stranger = await RawClient.connected(backend);
    stranger.mutate(0, "notes:add", { text: "x" });
    const [other] = await stranger.received("MutationResponse");
    expect(other?.["result"]).not.toBe(answers[0]?.["result"]);
  });

  it("that has failed runs again when it is sent again", async () => {
    const backend = await startFixture();
    const session = randomUUID();
    const first = await RawClient.connected(backend, session);
    first.mutate(0, "notes:addOnce", { text: "x" });
    await first.received("MutationResponse");
    first.mutate(1, "notes:addOnce", { text: "x" });
    expect((await first.received("MutationResponse", 2)).at(-1)).toMatchObject({ success: false });
    await (await httpClient(backend)).mutation(mutation("notes:clear"), {});
    const second = await RawClient.connected(backend, session);
    second.mutate(1, "notes:addOnce", { text: "x" });
    expect(await second.received("MutationResponse")).toMatchObject([{ success: true }]);
  });

  it("that has failed when the line breaks runs again, and its client sees that end alone", async () => {
    const backend = await startFixture();
    const proxy = await proxyTo(backend);
    const client = connect(backend, undefined, proxy.url);
    const seen = watch(client, "notes:list");
    const http = await httpClient(backend);
    await http.mutation(mutation("notes:add"), { text: "in the way" });
    await eventually(() => {
      expect(seen.at(-1)).toEqual(["in the way"]);
    });
    proxy.mute();
    const answer = client.mutation(mutation("notes:addOnce"), { text: "mine" });
    await eventually(() => {
      expect(backend.logs.join()).toContain("adding once");
    });
    await http.mutation(mutation("notes:clear"), {});
    proxy.cut();
    expect(await answer).toEqual(expect.any(String));
    expect(seen.at(-1)).toEqual(["mine"]);
  });

  it("runs once when two connections send it at once", async () => {
    const backend = await startFixture();
    const session = randomUUID();
    const clients = [
      await RawClient.connected(backend, session),
      await RawClient.connected(backend, session),
    ];
    for (const client of clients) client.mutate(0, "notes:addSlowly", { text: "x" });
    const ids = await Promise.all(
      clients.map(async (client) => (await client.received("MutationResponse"))[0]?.["result"]),
    );
    expect(new Set(ids).size).toBe(1);
  });
});

describe("calling functions that are not for clients", () => {
  const refused = [
    ["an internal function", "notes:clearAll"],
    ["an export that is no function", "notes:nothing"],
    ["an inherited property", "notes:constructor"],
    ["a module that is not there", "nowhere:add"],
    ["a settings file", "schema:default"],
    ["an HTTP action", "http:default"],
  ] as const;

  it.each(refused)("%s: %s", async (_, name) => {
    const backend = await startFixture();
    const message = `Could not find public function for '${name.replace(":default", "")}'`;
    const client = connect(backend);
    await expect(client.mutation(mutation(name), {})).rejects.toThrow(message);
    await expect(client.action(action(name), {})).rejects.toThrow(message);
    await expect((await httpClient(backend)).mutation(mutation(name), {})).rejects.toThrow(message);
    const seen = watch(client, name);
    await eventually(() => {
      expect(seen).toEqual([{ error: expect.stringContaining(message) as string }]);
    });
  });

  it("a path out of the folder is none", async () => {
    const backend = await startFixture();
    const client = connect(backend);
    const name = "../server:mutation";
    await expect(client.mutation(mutation(name), {})).rejects.toThrow("Could not find public");
    await expect((await httpClient(backend)).mutation(mutation(name), {})).rejects.toThrow(
      `${name} is not a valid path to a Convex function`,
    );
  });

  it("a mutation as a query is refused", async () => {
    const backend = await startFixture();
    const seen = watch(connect(backend), "notes:add", { text: "x" });
    await eventually(() => {
      expect(seen).toEqual([
        { error: expect.stringContaining("it is defined as Mutation") as string },
      ]);
    });
  });

  it("takes `module.js:name` for `module:name`", async () => {
    const backend = await startFixture();
    const http = await httpClient(backend);
    expect(await http.mutation(mutation("notes.js:touch"), {})).toBe("untouched");
  });
});
