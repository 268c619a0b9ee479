import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";

const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** Megabytes that Convex gives an action. */
const HEAP = 64;

let folder: string;

async function bundle(entryPoint: string, outfile: string, platform: "browser" | "node") {
  const conditions = ["convex", "module"];
  const options = { format: "esm", target: "esnext", logLevel: "error" } as const;
  const outputs = { bundle: true, outfile: join(folder, outfile) };
  await build({ entryPoints: [entryPoint], platform, conditions, ...options, ...outputs });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "heap-"));
  await bundle("convex/http.ts", "http.mjs", "browser");
  await bundle("tests/support/heapProbe.ts", "probe.mjs", "node");
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** A body of at most 4 MiB: as many items as fit between the two ends. */
function fill(start: string, item: (index: number) => string, end: string): string {
  const parts: string[] = [];
  let length = start.length + end.length;
  for (let index = 0; ; index++) {
    const next = (index === 0 ? "" : ",") + item(index);
    length += next.length;
    if (length > MAX_BODY_BYTES) return start + parts.join("") + end;
    parts.push(next);
  }
}

const START = '{"jobId":"job","status":"completed","result":{"text":"t","segments":[';
const UNKNOWN = '{"jobId":"job","status":"completed","result":{"unknown":[';
const END = "]}}";

/** A segment as Whisper's `verbose_json` has it, with word times. */
function whisperSegment(index: number): string {
  const text = " the quick brown fox jumps over the lazy dog";
  const start = index * 2.5;
  const words = text.split(" ").slice(1);
  return JSON.stringify({
    id: index,
    seek: index * 100,
    start,
    end: start + 2.5,
    text,
    tokens: [50364, 440, 1702, 3699],
    temperature: 0,
    avg_logprob: -0.25,
    compression_ratio: 1.3,
    no_speech_prob: 0.01,
    words: words.map((word, place) => ({
      word: ` ${word}`,
      start: start + place * 0.27,
      end: start + place * 0.27 + 0.25,
      probability: 0.987654321,
    })),
  });
}

interface Report {
  status: number;
  mutations: number;
  longestArray: number;
  segments: number;
}

async function takeInSmallHeap(body: string): Promise<Report> {
  const file = join(folder, "body.json");
  await writeFile(file, body);
  const { stderr } = await promisify(execFile)(
    process.execPath,
    [`--max-old-space-size=${HEAP}`, join(folder, "probe.mjs"), join(folder, "http.mjs"), file],
    { env: { ...process.env, CONVEX_API_KEY: "key" } },
  );
  return JSON.parse(stderr) as Report;
}

test("a 4 MiB verbose_json with word times is taken whole, as pages", async () => {
  const body = fill(START, whisperSegment, END);
  expect(body.length).toBeGreaterThan(MAX_BODY_BYTES - 1_000);
  const report = await takeInSmallHeap(body);
  expect(report).toMatchObject({ status: 200, mutations: 1 });
  expect(report.segments).toBe(body.split('"no_speech_prob"').length - 1);
  expect(report.longestArray).toBeLessThanOrEqual(8_192);
});

test("139,000 of the smallest segments are taken whole, as pages", async () => {
  const report = await takeInSmallHeap(fill(START, () => '{"start":0,"end":1,"text":""}', END));
  expect(report).toMatchObject({ status: 200, mutations: 1 });
  expect(report.segments).toBeGreaterThan(139_000);
  expect(report.longestArray).toBeLessThanOrEqual(8_192);
});

test.each<[string, string, number]>([
  ["empty arrays", fill(UNKNOWN, () => "[]", END), 413],
  ["as many objects as are allowed", `${UNKNOWN}${"{},".repeat(262_000)}{}${END}`, 200],
  [
    "objects of ever other keys",
    `${UNKNOWN}${Array.from({ length: 250_000 }, (_, i) => `{"k${i}":0}`).join(",")}${END}`,
    200,
  ],
  [
    "objects of 16,000 keys",
    fill(
      UNKNOWN,
      (i) =>
        `{${Array.from({ length: 16_000 }, (_, k) => `"${(i * 16_000 + k).toString(36)}":0`).join(",")}}`,
      END,
    ),
    200,
  ],
  [
    "one object of 300,000 keys",
    `{${Array.from({ length: 300_000 }, (_, i) => `"k${i}":0`).join(",")}}`,
    413,
  ],
  ["segments that are all wrong", fill(START, () => "0", END), 400],
  ["the deepest nesting", `${UNKNOWN}${"[".repeat(262_000)}${"]".repeat(262_000)}${END}`, 200],
  ["brackets that never close", "[".repeat(MAX_BODY_BYTES), 413],
])("Promise 5: no body ends the action: %s", async (_name, body, status) => {
  expect(await takeInSmallHeap(body)).toMatchObject({ status });
});
