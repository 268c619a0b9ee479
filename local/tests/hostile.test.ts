import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { RawClient } from "./rawClient";
import { connect, eventually, httpClient, mutation, startFixture, watch } from "./support";

const connectMessage = { type: "Connect", sessionId: randomUUID(), connectionCount: 0 };
const add = { type: "Add", queryId: 1, udfPath: "notes:list", args: [{}] };
const modify = (message: object) => ({
  type: "ModifyQuerySet",
  baseVersion: 0,
  newVersion: 1,
  modifications: [add],
  ...message,
});

describe("a bad frame", () => {
  it.each<[string, (object | string)[], RegExp]>([
    ["not JSON", ["{"], /Invalid JSON/],
    ["no object", ["[1]"], /must be a JSON object/],
    ["null", ["null"], /must be a JSON object/],
    ["nested 100,000 deep", ["[".repeat(100_000) + "]".repeat(100_000)], /must be a JSON object/],
    ["unknown type", [{ type: "Hello" }], /Unknown message type/],
    ["no type", [{}], /Unknown message type/],
    ["no session", [{ type: "Connect" }], /sessionId must be a string/],
    ["odd session", [{ type: "Connect", sessionId: "../1" }], /sessionId must be a UUID/],
    ["before Connect", [{ type: "Event" }], /Connect must be the first/],
    ["a mutation before Connect", [mutate({})], /Connect must be the first/],
    ["Connect twice", [connectMessage, connectMessage], /Connect must be sent once/],
    ["wrong base version", [connectMessage, modify({ baseVersion: 1 })], /version is not the next/],
    ["version that stays", [connectMessage, modify({ newVersion: 0 })], /version is not the next/],
    ["negative version", [connectMessage, modify({ baseVersion: -1 })], /baseVersion must be/],
    ["no list", [connectMessage, modify({ modifications: {} })], /modifications must be an array/],
    ["odd change", [connectMessage, modify({ modifications: ["x"] })], /must be an object/],
    ["same id", [connectMessage, modify({ modifications: [add, add] })], /has the added id/],
    [
      "unknown removal",
      [connectMessage, modify({ modifications: [{ type: "Remove", queryId: 9 }] })],
      /has the removed id/,
    ],
    [
      "queries without end",
      [
        connectMessage,
        modify({ modifications: range(2_000).map((queryId) => ({ ...add, queryId })) }),
      ],
      /1000 queries at most/,
    ],
    ["no path", [connectMessage, mutate({ udfPath: 1 })], /udfPath must be a string/],
    ["two arguments", [connectMessage, mutate({ args: [{}, {}] })], /args must be/],
    ["odd argument", [connectMessage, mutate({ args: ["x"] })], /args must be/],
    ["fraction", [connectMessage, mutate({ requestId: 0.5 })], /requestId must be an integer/],
    ["component", [connectMessage, mutate({ componentPath: "a" })], /of the app only/],
    [
      "identity of another time",
      [connectMessage, { type: "Authenticate", tokenType: "None", baseVersion: 3 }],
      /identity's version/,
    ],
    [
      "an admin key",
      [connectMessage, { type: "Authenticate", tokenType: "Admin", value: "x", baseVersion: 0 }],
      /no admin key/,
    ],
  ])("%s closes its connection and says why", async (_, messages, reason) => {
    const backend = await startFixture();
    const client = await RawClient.open(backend);
    for (const message of messages) {
      if (typeof message === "string") client.socket.send(message);
      else client.send(message);
    }
    expect((await client.end()).code).toBe(1008);
    expect(client.frames.at(-1)).toMatchObject({
      type: "FatalError",
      error: expect.stringMatching(reason) as string,
    });
    expect(await (await httpClient(backend)).mutation(mutation("notes:touch"), {})).toBeTruthy();
  });

  it("binary, huge or not of WebSocket closes its connection", async () => {
    const backend = await startFixture();
    const binary = await RawClient.connected(backend);
    binary.socket.send(Buffer.from("{}"), { binary: true });
    expect((await binary.end()).code).toBe(1008);
    const huge = await RawClient.connected(backend);
    huge.socket.send("x".repeat(21 * 1024 * 1024));
    expect((await huge.end()).code).toBe(1009);
    const raw = await RawClient.connected(backend);
    const { _socket: line } = raw.socket as unknown as { _socket: { write: (x: Buffer) => void } };
    line.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    expect((await raw.end()).code).not.toBe(1000);
  });

  it("odd arguments fail the call, not the connection", async () => {
    const backend = await startFixture();
    const client = await RawClient.connected(backend);
    const deep = '{"text":'.repeat(50_000) + "1" + "}".repeat(50_000);
    const odd = ['{"$odd":1}', '{"__proto__":{"text":"x"}}', '{"text":null}', "{}", deep];
    odd.forEach((args, id) => {
      const call = `{"type":"Mutation","requestId":${id},"udfPath":"notes:add","args":[${args}]}`;
      client.socket.send(call);
    });
    const answers = await client.received("MutationResponse", odd.length);
    expect(answers.map(({ success }) => success)).toEqual(odd.map(() => false));
    expect(client.closed).toBeNull();
  });

  it("results of any depth leave the others alone", async () => {
    const backend = await startFixture();
    const other = connect(backend);
    const counted = watch(other, "notes:count");
    for (const depth of [500, 1_000, 2_000, 3_000, 4_000, 6_000, 8_000, 100_000]) {
      const args = `[{"value":${"[".repeat(depth)}${"]".repeat(depth)}}]`;
      const asker = await RawClient.connected(backend);
      asker.socket.send(
        `{"type":"ModifyQuerySet","baseVersion":0,"newVersion":1,"modifications":` +
          `[{"type":"Add","queryId":1,"udfPath":"notes:echo","args":${args}}]}`,
      );
      asker.socket.send(
        `{"type":"Mutation","requestId":1,"udfPath":"notes:echoBack","args":${args}}`,
      );
      await eventually(() => {
        const types = new Set(asker.frames.map(({ type }) => type));
        const isAnswered = types.has("Transition") && types.has("MutationResponse");
        expect(isAnswered || asker.closed !== null).toBe(true);
      });
      await other.mutation(mutation("notes:add"), { text: "x" });
    }
    expect(counted.at(-1)).toBe(8);
    expect(other.connectionState().connectionCount).toBe(1);
  });

  it("on another path is not found", async () => {
    const backend = await startFixture();
    for (const path of ["/", "/sync", "/api/1/2/sync", "/api/1.0.0/syncs"]) {
      await expect(RawClient.open(backend, path)).rejects.toThrow("404");
    }
    for (const path of ["/api/sync", "/api/1.48.0/sync?x=1"]) {
      expect((await RawClient.open(backend, path)).closed).toBeNull();
    }
  });
});

describe("while others flood it", () => {
  it("a client works on", async () => {
    const backend = await startFixture();
    const client = connect(backend, "alice");
    const seen = watch(client, "notes:list");
    const garbage = ["{", "[]", '{"type":"Mutation"}', "\u0000", "x".repeat(100_000)];
    const floods = range(20).map(async () => {
      for (const round of range(20)) {
        const attacker = await RawClient.open(backend);
        for (const frame of garbage) attacker.socket.send(frame, { binary: round % 2 === 1 });
        await attacker.end();
      }
    });
    const texts = range(30).map(String);
    for (const text of texts) await client.mutation(mutation("notes:add"), { text });
    await Promise.all(floods);
    expect(seen.at(-1)).toEqual(texts);
    expect(client.connectionState().connectionCount).toBe(1);
  });

  it("takes thousands of calls of one client in turn", async () => {
    const backend = await startFixture();
    const flood = await RawClient.connected(backend);
    for (const id of range(3_000)) flood.mutate(id, "notes:touch");
    await (await httpClient(backend)).mutation(mutation("notes:touch"), {});
    await flood.received("MutationResponse", 3_000);
    expect(flood.closed).toBeNull();
  });

  it("drops a client that does not read, and not one that reads as much", async () => {
    const backend = await startFixture();
    const [idle, busy] = [await RawClient.connected(backend), await RawClient.connected(backend)];
    for (const client of [idle, busy]) {
      // The same rows many times over, so that a few pushes are more than any line holds.
      client.modify(...range(40).map((queryId) => ({ ...add, queryId })));
      await client.received("Transition");
    }
    idle.socket.pause();
    const writer = await httpClient(backend);
    for (const round of range(6)) {
      await writer.mutation(mutation("notes:add"), { text: "x".repeat(400_000) });
      await busy.received("Transition", round + 2);
    }
    idle.socket.resume();
    expect((await idle.end()).code).toBe(1006);
    expect(idle.frames.length).toBeLessThan(busy.frames.length);
    expect(busy.closed).toBeNull();
  });
});

function mutate(message: object): object {
  return { type: "Mutation", requestId: 0, udfPath: "notes:touch", args: [{}], ...message };
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}
