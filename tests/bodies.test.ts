import { describe, expect, test, vi } from "vitest";
import { newBackend } from "./support/backend";

const MAX_BODY_BYTES = 4 * 1024 * 1024;

function stream(chunks: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      const chunk = chunks.shift();
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
  });
}

const bytes = (text: string) => new TextEncoder().encode(text);

describe("bodies", () => {
  const update = JSON.stringify({ jobId: "job", status: "processing" });

  test("come in chunks, without Content-Length or with a wrong one", async () => {
    const backend = newBackend();
    await backend.newJob("job");
    const chunks = () => [bytes(update.slice(0, 9)), bytes(update.slice(9))];
    expect((await backend.send(stream(chunks()))).status).toBe(200);
    for (const length of ["3", "0", "-1", "many", ""]) {
      const response = await backend.send(stream(chunks()), { "Content-Length": length });
      expect(response.status).toBe(200);
    }
    const claimed = await backend.send(stream(chunks()), { "Content-Length": "99999999" });
    expect(claimed.status).toBe(413);
  });

  test("that are too large are not read to their end", async () => {
    const { send } = newBackend();
    let read = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        read++;
        controller.enqueue(new Uint8Array(1024 * 1024));
      },
    });
    const response = await send(endless, { "Content-Length": "10" });
    expect(await response.json()).toMatchObject({ error: { code: "payload_too_large" } });
    expect(read).toBeLessThan(8);
  });

  test("of no content at all are invalid_json", async () => {
    const { send } = newBackend();
    for (const body of [null, "", stream([])]) {
      const response = await send(body);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: { code: "invalid_json" } });
    }
  });

  test("may be 4 MiB and not a byte more", async () => {
    const backend = newBackend();
    await backend.newJob("job");
    const padded = update + " ".repeat(MAX_BODY_BYTES - update.length);
    expect((await backend.send(padded)).status).toBe(200);
    expect((await backend.send(`${padded} `)).status).toBe(413);
  });

  test.each([
    ["objects and arrays", `{"x":[${"[],".repeat(300_000)}[]]}`],
    ["keys in one object", `{${Array.from({ length: 20_000 }, (_, i) => `"k${i}":0`).join(",")}}`],
    ["objects and arrays", "[".repeat(1_000_000)],
  ])("with too many %s are refused before they fill the memory", async (what, body) => {
    const response = await newBackend().send(body);
    expect(response.status).toBe(413);
    const { error } = (await response.json()) as { error: { message: string } };
    expect(error.message).toContain(what);
  });

  test("brackets, quotes and colons in strings are not counted", async () => {
    const backend = newBackend();
    await backend.newJob("job");
    const text = '[{:"\\'.repeat(100_000);
    const { status } = await backend.post({ jobId: "job", status: "completed", result: { text } });
    expect(status).toBe(200);
    expect((await backend.transcript("job")).text).toBe(text);
  });

  test("that are wrong everywhere get a bounded answer", async () => {
    const { send } = newBackend();
    const wrong = [
      `{"jobId":"job","status":"completed","result":{"segments":[${"0,".repeat(1_000_000)}0]}}`,
      `{"jobId":"job","status":"completed","result":{"segments":[{"start":0,"end":1,"text":"","words":[${"0,".repeat(1_999)}0]}]}}`,
      `{"jobId":"job","status":"pending",${Array.from({ length: 9_000 }, (_, i) => `"k${i}":0`).join(",")}}`,
    ];
    for (const body of wrong) {
      const response = await send(body);
      const answer = await response.text();
      expect(response.status).toBe(400);
      expect(answer.length).toBeLessThan(10_000);
    }
  });

  test("that break off are 503, as nothing is known of their rest", async () => {
    vi.spyOn(console, "log").mockReturnValue();
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.error(new Error("connection reset"));
      },
    });
    const response = await newBackend().send(body);
    expect([response.status, response.headers.get("Retry-After")]).toEqual([503, "1"]);
    expect(await response.json()).toMatchObject({ error: { code: "unavailable" } });
  });

  test.each([
    ["throws, as the standard says", TextDecoder],
    [
      "gives undefined, as Convex's does",
      class extends TextDecoder {
        override decode(...args: Parameters<TextDecoder["decode"]>): string {
          try {
            return super.decode(...args);
          } catch {
            return undefined as unknown as string;
          }
        }
      },
    ],
  ])("that are not UTF-8 are told so by a decoder that %s", async (_, decoder) => {
    vi.stubGlobal("TextDecoder", decoder);
    const backend = newBackend();
    await backend.newJob("job");
    for (const text of [[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80]]) {
      const body = new Uint8Array([...bytes('{"jobId":"job","message":"'), ...text, 0x22, 0x7d]);
      const response = await backend.send(body);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        error: {
          code: "invalid_json",
          message: expect.stringContaining("not valid UTF-8") as string,
        },
      });
    }
    expect((await backend.send(bytes(`\ufeff${update}`))).status).toBe(200);
    expect((await backend.send(bytes(""))).status).toBe(400);
  });

  test("never show what they hold in an answer about their form", async () => {
    const response = await newBackend().send('{"message":"my secret words", oops}');
    expect(await response.text()).not.toContain("secret");
  });
});
