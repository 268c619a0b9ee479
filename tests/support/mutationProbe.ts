// Runs in a process of its own: the real `updateFromAPI` takes one of the largest bodies, with what
// the platform does around it left out. Sends its parent the milliseconds of CPU that the mutation's
// own code took, at its first run, since an isolate may be new.
import { convexToJson } from "convex/values";
import { updateFromAPI } from "../../convex/transcriptionJobs";
import { parseJson } from "../../convex/transcription/wire/body";
import { parseUpdate } from "../../convex/transcription/wire/parseUpdate";

const MAX_BODY_BYTES = 4 * 1024 * 1024;
const START = '{"jobId":"job","status":"completed","result":{"segments":[';
const END = "]}}";

const ROWS = {
  transcriptionJobs: {
    ...{ _id: "1", _creationTime: 1, jobId: "job", userId: "u", status: "processing" },
    ...{ progress: 0, createdAt: 1, updatedAt: 1, attempt: 1, segmentCount: 0, pageCount: 0 },
  },
  transcriptionTranscripts: {
    ...{ _id: "2", _creationTime: 1, job: "1", jobId: "job", userId: "u", attempt: 1 },
    kind: "live",
  },
  transcriptionStats: {
    ...{ _id: "3", _creationTime: 1, userId: "u", active: 1 },
    ...{ completed: 0, failed: 0, cancelled: 0 },
  },
};

/** One row a table, and whatever is written is forgotten. */
function installDatabase(): void {
  const found: (object | null)[] = [];
  const syscall = (op: string, json: string): string => {
    if (op !== "1.0/queryStream") return "{}";
    const { query } = JSON.parse(json) as { query: { source: { indexName: string } } };
    const [table = ""] = query.source.indexName.split(".");
    found.push(table in ROWS ? ROWS[table as keyof typeof ROWS] : null);
    return JSON.stringify({ queryId: found.length - 1 });
  };
  const asyncSyscall = (op: string, json: string): Promise<string> => {
    if (op === "1.0/insert") return Promise.resolve('{"_id":"4"}');
    if (op !== "1.0/queryStreamNext") return Promise.resolve("{}");
    const { queryId } = JSON.parse(json) as { queryId: number };
    const value = found[queryId] ?? null;
    found[queryId] = null;
    return Promise.resolve(JSON.stringify({ value, done: value === null }));
  };
  Object.assign(globalThis, { Convex: { syscall, asyncSyscall } });
}

/** A body of at most 4 MiB: as many segments as fit. */
function fill(segment: (index: number) => string): string {
  const parts: string[] = [];
  for (let length = START.length + END.length, index = 0; ; index++) {
    const next = segment(index);
    length += next.length + 1;
    if (length > MAX_BODY_BYTES) return START + parts.join(",") + END;
    parts.push(next);
  }
}

function spoken(index: number): string {
  const words = "the quick brown fox jumps over the lazy dog".split(" ").map((word, place) => {
    const start = index * 2.5 + place * 0.27;
    return { word: ` ${word}`, start, end: start + 0.25, confidence: 0.98 };
  });
  const start = index * 2.5;
  return JSON.stringify({ start, end: start + 2.5, text: "the quick brown fox", words });
}

/** The largest bodies by what makes them large. */
const BODIES = {
  "Whisper's with word times": () => fill(spoken),
  "the smallest segments": () => fill(() => '{"start":0,"end":1,"text":""}'),
};
export type LargestBody = keyof typeof BODIES;

process.env["CONVEX_API_KEY"] = "key";
installDatabase();
const body = BODIES[process.argv[2] as LargestBody]();
const update = parseUpdate(parseJson(new TextEncoder().encode(body)));
const args = JSON.stringify([convexToJson(update)]);
const { invokeMutation } = updateFromAPI as unknown as {
  invokeMutation: (args: string) => Promise<string>;
};
const before = process.cpuUsage();
const answer = await invokeMutation(args);
const milliseconds = process.cpuUsage(before).user / 1000;
if (!answer.includes('"applied"')) throw new Error(`not applied: ${answer}`);
process.send?.(milliseconds);
