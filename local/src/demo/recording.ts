import type { Job } from "./job";

/** An update as a worker sent it, without the job it was for. Times are those of the recording. */
export interface RecordedUpdate {
  status: Job["status"];
  sequence: number;
  progress?: number;
  error?: string;
  segments?: { offset: number; items: object[] };
  result?: { text?: string; segments?: object[] };
  /** Milliseconds since the recording's start, so that a replay can put them into its own time. */
  timestamps?: Record<string, number>;
}

/** One line of a recording: what happened to a job, `at` milliseconds after the start. */
export type RecordedEvent = { at: number; job: string } & (
  | { call: "create"; fileName: string; fileSize: number }
  | { call: "cancel" }
  | { call: "update"; update: RecordedUpdate }
);

/** The longest recording, in milliseconds: a greater time is one that was left absolute. */
const LONGEST = 24 * 60 * 60 * 1000;

/**
 * Reads a recording: one JSON object a line, in the order of time, each job created first.
 * @throws Error that names the line
 */
export function parseRecording(text: string): RecordedEvent[] {
  const created = new Set<string>();
  let last = 0;
  return text
    .split("\n")
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== "")
    .map(({ line, number }) => {
      const event = parseEvent(line, number);
      if (event.at < last) throw new Error(`Line ${number}: its time is before the line above.`);
      last = event.at;
      if ((event.call === "create") === created.has(event.job)) {
        throw new Error(`Line ${number}: job ${event.job} must be created once, at first.`);
      }
      created.add(event.job);
      return event;
    });
}

/** The labels of the jobs in a recording, in the order in which they were created. */
export function recordedJobs(events: RecordedEvent[]): string[] {
  return [...new Set(events.map(({ job }) => job))];
}

/**
 * The request body for a recorded update.
 * @param startedAt when the replay started, epoch milliseconds
 */
export function updateBody(jobId: string, update: RecordedUpdate, startedAt: number): object {
  const { timestamps, ...rest } = update;
  if (timestamps === undefined) return { jobId, ...rest };
  const moved = Object.entries(timestamps).map(([name, at]) => [name, startedAt + at]);
  return { jobId, ...rest, timestamps: Object.fromEntries(moved) as object };
}

function parseEvent(line: string, number: number): RecordedEvent {
  const fail = (why: string): never => {
    throw new Error(`Line ${number}: ${why}`);
  };
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return fail("it is not JSON.");
  }
  const { at, job, call, update } = value;
  if (!isTime(at)) return fail(`"at" must be milliseconds since the recording's start.`);
  if (typeof job !== "string") return fail(`"job" must be a label.`);
  if (update !== undefined) return { at, job, call: "update", update: parseUpdate(update, fail) };
  if (call === "cancel") return { at, job, call };
  if (call !== "create") return fail(`"call" must be "create" or "cancel".`);
  const { fileName, fileSize } = value;
  return typeof fileName === "string" && typeof fileSize === "number"
    ? { at, job, call, fileName, fileSize }
    : fail(`"create" needs "fileName" and "fileSize".`);
}

function parseUpdate(value: unknown, fail: (why: string) => never): RecordedUpdate {
  const update = value as RecordedUpdate & { jobId?: unknown };
  if (update.jobId !== undefined) fail(`"update" must not name a job.`);
  // A replay may send an update twice, and only its number makes that harmless.
  if (!Number.isSafeInteger(update.sequence)) fail(`"update" needs a "sequence".`);
  if (!Object.values(update.timestamps ?? {}).every(isTime)) {
    fail("timestamps must be milliseconds since the recording's start.");
  }
  return update;
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= LONGEST;
}
