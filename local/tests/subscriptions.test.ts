import { describe, expect, it } from "vitest";
import { RawClient } from "./rawClient";
import { action, connect, eventually, httpClient, mutation, startFixture, watch } from "./support";

describe("a subscription", () => {
  it("shows what a POST to an HTTP action wrote", async () => {
    const backend = await startFixture();
    const seen = watch(connect(backend), "notes:list");
    await eventually(() => {
      expect(seen).toEqual([[]]);
    });
    await fetch(`${backend.siteUrl}/notes`, { method: "POST", body: "hello" });
    await eventually(() => {
      expect(seen).toEqual([[], ["hello"]]);
    });
  });

  it("shows what another client, an action and a scheduled function wrote", async () => {
    const backend = await startFixture();
    const seen = watch(connect(backend), "notes:list");
    const other = connect(backend);
    await other.mutation(mutation("notes:add"), { text: "one" });
    await other.action(action("notes:addTwice"), { text: "two" });
    await other.mutation(mutation("notes:addLater"), { text: "three", ms: 1 });
    await eventually(() => {
      expect(seen.at(-1)).toEqual(["one", "two", "two", "three"]);
    });
  });

  it("shows its user's rows to one user and not to the other", async () => {
    const backend = await startFixture();
    const alice = connect(backend, "alice");
    const bob = connect(backend, "bob");
    const seenByAlice = watch(alice, "notes:list");
    const seenByBob = watch(bob, "notes:list");
    const counted = watch(bob, "notes:count");
    await alice.mutation(mutation("notes:add"), { text: "secret" });
    await eventually(() => {
      expect(seenByAlice.at(-1)).toEqual(["secret"]);
      expect(counted.at(-1)).toBe(1);
    });
    expect(seenByBob.flat()).toEqual([]);
  });

  it("reaches 50 subscribers, each with the same last state", async () => {
    const backend = await startFixture();
    const seen = Array.from({ length: 50 }, () => watch(connect(backend), "notes:list"));
    await eventually(() => {
      for (const values of seen) expect(values).toEqual([[]]);
    });
    const texts = Array.from({ length: 20 }, (_, index) => `note ${index}`);
    const writer = await httpClient(backend);
    for (const text of texts) await writer.mutation(mutation("notes:add"), { text });
    await eventually(() => {
      for (const values of seen) expect(values.at(-1)).toEqual(texts);
    });
  });

  it("beside others may read as much as a transaction may, each for itself", async () => {
    const backend = await startFixture();
    const fill = mutation("calls:fill");
    await (await httpClient(backend)).mutation(fill, { count: 10, size: 1_000_000 });
    const client = connect(backend);
    const seen = [watch(client, "notes:list"), watch(client, "notes:count")];
    await eventually(() => {
      expect(seen.map((values) => values.length)).toEqual([1, 1]);
    });
    expect(seen[0]?.[0]).toHaveLength(10);
    expect(seen[1]?.[0]).toBe(10);
  });

  it("reports an error, and recovers when the query does", async () => {
    const backend = await startFixture();
    const client = connect(backend);
    const seen = watch(client, "notes:first");
    await eventually(() => {
      expect(seen).toEqual([{ error: expect.stringContaining("There are no notes") as string }]);
    });
    await client.mutation(mutation("notes:add"), { text: "a note" });
    await eventually(() => {
      expect(seen.at(-1)).toBe("a note");
    });
    expect(seen).toHaveLength(2);
  });
});

describe("what goes over the wire", () => {
  it("has no frame for a query whose result did not change", async () => {
    const backend = await startFixture();
    const client = await RawClient.connected(backend);
    client.subscribe(1, "notes:list");
    client.subscribe(2, "notes:count");
    await client.received("Transition");
    await eventually(() => {
      expect(client.frames.at(-1)?.endVersion?.querySet).toBe(2);
    });
    client.frames.length = 0;

    const bob = await httpClient(backend, "bob");
    for (const text of ["1", "2", "3"]) await bob.mutation(mutation("notes:add"), { text });
    await bob.mutation(mutation("notes:touch"), {});
    // One's own note changes both: its frame is the proof that no frame is still to come.
    await (await httpClient(backend)).mutation(mutation("notes:add"), { text: "mine" });
    await eventually(() => {
      const changes = client.frames.flatMap(({ modifications = [] }) => modifications);
      expect(changes.filter(({ queryId }) => queryId === 1)).toMatchObject([{ value: ["mine"] }]);
      expect(changes.filter(({ queryId }) => queryId === 2).at(-1)).toMatchObject({ value: 4 });
    });
    for (const frame of client.frames) expect(frame.modifications).not.toEqual([]);
  });

  it("is one Transition for commits of one moment, with results of one moment", async () => {
    const backend = await startFixture();
    const client = await RawClient.connected(backend);
    client.modify(
      { type: "Add", queryId: 1, udfPath: "notes:list", args: [{}] },
      { type: "Add", queryId: 2, udfPath: "notes:count", args: [{}] },
    );
    await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const writer = await httpClient(backend);
        await writer.mutation(mutation("notes:add"), { text: `${index}` });
      }),
    );
    const state = new Map<number, unknown>();
    await eventually(() => {
      for (const { modifications = [] } of client.frames.splice(0)) {
        for (const { queryId, value } of modifications) state.set(queryId, value);
        expect((state.get(1) as string[]).length).toBe(state.get(2));
      }
      expect(state.get(2)).toBe(40);
    });
  });

  it("chains the versions from one Transition to the next, with growing timestamps", async () => {
    const backend = await startFixture();
    const client = await RawClient.connected(backend);
    client.subscribe(1, "notes:count");
    for (let id = 0; id < 10; id += 1) client.mutate(id, "notes:add", { text: "x" });
    client.modify({ type: "Remove", queryId: 1 });
    await client.received("MutationResponse", 10);
    await eventually(() => {
      const transitions = client.frames.filter(({ type }) => type === "Transition");
      const last = transitions.at(-1)?.endVersion;
      const lastMutation = client.frames.findLast(({ type }) => type === "MutationResponse");
      expect(timestamp(last?.ts)).toBeGreaterThanOrEqual(timestamp(lastMutation?.["ts"]));
      expect(last?.querySet).toBe(2);
    });
    let version: unknown = { querySet: 0, identity: 0, ts: "AAAAAAAAAAA=" };
    for (const frame of client.frames.filter(({ type }) => type === "Transition")) {
      expect(frame["startVersion"]).toEqual(version);
      version = frame.endVersion;
    }
  });
});

function timestamp(encoded: unknown): bigint {
  return Buffer.from(String(encoded), "base64").readBigUInt64LE();
}
