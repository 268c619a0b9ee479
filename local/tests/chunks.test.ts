import { describe, expect, it } from "vitest";
import { inChunks } from "../src/sync/chunks";
import { RawClient, type Frame } from "./rawClient";
import { proxyTo } from "./proxy";
import { connect, eventually, mutation, startFixture, watch, type TestBackend } from "./support";

const LIMIT = 5_000_000;

async function subscribed(backend: TestBackend, version: string, count: number) {
  const client = await RawClient.open(backend, `/api/${version}/sync`);
  client.send({ type: "Connect", sessionId: crypto.randomUUID(), connectionCount: 0 });
  client.subscribe(1, "notes:megabytes", { count, unit: "x" });
  return client;
}

describe("a Transition of more than 5 MB", () => {
  it.each(["1.28.0", "1.48.0", "2.0.0"])("comes in chunks to client %s", async (version) => {
    const backend = await startFixture();
    const client = await subscribed(backend, version, 12);
    const chunks = await client.received("TransitionChunk", 3);
    expect(client.frames).toHaveLength(3);
    expect(chunks.map(({ partNumber, totalParts }) => [partNumber, totalParts])).toEqual([
      [0, 3],
      [1, 3],
      [2, 3],
    ]);
    const whole = chunks.map(({ chunk }) => chunk as string).join("");
    expect(new Set(chunks.map(({ transitionId }) => transitionId))).toEqual(
      new Set([String(Buffer.byteLength(whole))]),
    );
    const transition = JSON.parse(whole) as Frame;
    expect(transition.type).toBe("Transition");
    expect(transition.modifications?.[0]?.value).toHaveLength(12);
  });

  it.each(["1.27.9", "1.28.0-alpha.1", "0.99.0", "unknown"])(
    "comes in one piece to client %s",
    async (version) => {
      const backend = await startFixture();
      const client = await subscribed(backend, version, 6);
      const [transition] = await client.received("Transition");
      expect(transition?.modifications?.[0]?.value).toHaveLength(6);
      expect(client.frames).toHaveLength(1);
    },
  );

  it("reaches the published client, and is not taken for one that does not read", async () => {
    const backend = await startFixture();
    const client = connect(backend);
    const seen = watch(client, "notes:megabytes", { count: 4, unit: "€ñ🎧x" });
    await eventually(() => {
      expect(seen).toHaveLength(1);
    });
    expect((seen[0] as string[]).every((text) => text === "€ñ🎧x".repeat(1_000_000))).toBe(true);
    expect(client.connectionState().connectionCount).toBe(1);
  });
});

it("a line that breaks between two chunks, and once more, costs nothing", async () => {
  const backend = await startFixture();
  const proxy = await proxyTo(backend);
  const client = connect(backend, undefined, proxy.url);
  proxy.cutAfter(7_000_000);
  const seen = watch(client, "notes:megabytes", { count: 18, unit: "x" });
  await eventually(() => {
    expect(client.connectionState().connectionRetries).toBeGreaterThan(0);
  });
  proxy.cutAfter(12_000_000);
  await eventually(() => {
    expect(seen).toHaveLength(1);
  });
  expect(seen[0]).toHaveLength(18);
  expect(client.connectionState().connectionCount).toBe(3);
  expect(await client.mutation(mutation("notes:touch"), {})).toBe("untouched");
});

describe("cutting a Transition", () => {
  it.each([
    ["up to the limit: whole", "x".repeat(LIMIT), 1],
    ["a byte more", "x".repeat(LIMIT + 1), 2],
    ["characters of two bytes across the limit", `x${"ñ".repeat(LIMIT / 2)}`, 2],
    ["characters of four bytes across the limit", `xx${"🎧".repeat(LIMIT / 2)}`, 3],
  ])("%s", (_, text, parts) => {
    const frames = inChunks(text);
    expect(frames).toHaveLength(parts);
    if (parts === 1) {
      expect(frames).toEqual([text]);
      return;
    }
    const chunks = frames.map((frame) => (JSON.parse(frame) as { chunk: string }).chunk);
    expect(chunks.join("")).toBe(text);
    for (const chunk of chunks) expect(Buffer.byteLength(chunk)).toBeLessThanOrEqual(LIMIT);
  });
});
