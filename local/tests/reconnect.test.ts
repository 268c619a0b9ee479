import { expect, it } from "vitest";
import { proxyTo } from "./proxy";
import { action, connect, eventually, httpClient, mutation, startFixture, watch } from "./support";

it("a client that reconnects gets the current state, as the same user", async () => {
  const backend = await startFixture();
  const proxy = await proxyTo(backend);
  const client = connect(backend, "alice", proxy.url);
  const seen = watch(client, "notes:list");
  await eventually(() => {
    expect(seen).toEqual([[]]);
  });
  const http = await httpClient(backend, "alice");
  for (const text of ["one", "two", "three"]) {
    proxy.cut();
    await http.mutation(mutation("notes:add"), { text });
    await eventually(() => {
      expect((seen.at(-1) as string[]).at(-1)).toBe(text);
    });
  }
  expect(seen.at(-1)).toEqual(["one", "two", "three"]);
  expect(client.connectionState().connectionCount).toBeGreaterThan(3);
});

it("an action in flight fails when the connection breaks, and is not run again", async () => {
  const backend = await startFixture();
  const proxy = await proxyTo(backend);
  const client = connect(backend, undefined, proxy.url);
  const witness = watch(connect(backend), "notes:list");
  await client.mutation(mutation("notes:touch"), {});
  proxy.mute();
  const answer = client.action(action("notes:addTwice"), { text: "x" });
  const failure = expect(answer).rejects.toThrow("Connection lost while action was in flight");
  await eventually(() => {
    expect(witness.at(-1)).toEqual(["x", "x"]);
  });
  proxy.cut();
  await failure;
  await client.mutation(mutation("notes:touch"), {});
  expect(witness.at(-1)).toEqual(["x", "x"]);
});
