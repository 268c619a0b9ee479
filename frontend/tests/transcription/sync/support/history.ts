import fc from "fast-check";
import { segmentCount } from "../../../../../convex/transcription/model/pages";
import type { Update } from "../../../../../convex/transcription/model/validators";
import { isFinished } from "../../../../src/transcription/jobStatus";
import type { Job } from "../../../../src/transcription/types";
import type { WorkerJob } from "../../../../src/transcription/upload/workerJob";
import { deliver, newState } from "../../../../../tests/support/deliveries";

/** One job's life, as each of the two places knew it from moment to moment. */
export interface History {
  /** Convex's rows, oldest first. */
  rows: Job[];
  /** What the worker's API said, oldest first. */
  answers: WorkerJob[];
}

interface Tick {
  attempt: "same" | "next";
  progress: number | undefined;
  message: string | undefined;
  segments: number;
}

interface Script {
  ticks: Tick[];
  end: "completed" | "failed" | "cancelled" | null;
  /** Where the worker was restarted: what waited since `from` gets higher numbers on its way. */
  restart: { from: number; at: number; by: number };
  /** In which order the updates arrive: each at least once. */
  order: number[];
  /** After which arrival its user cancels the job. */
  cancelAfter: number | null;
}

const tick: fc.Arbitrary<Tick> = fc.record({
  attempt: fc.constantFrom<Tick["attempt"]>("same", "same", "same", "same", "next"),
  progress: fc.option(fc.nat(100), { nil: undefined }),
  message: fc.option(fc.constantFrom("a", "b"), { nil: undefined }),
  segments: fc.nat(2),
});

/** Histories that are possible: any updates of a worker, arriving in any order. */
export const histories: fc.Arbitrary<History> = fc
  .record({
    ticks: fc.array(tick, { minLength: 1, maxLength: 8 }),
    end: fc.constantFrom<Script["end"]>("completed", "failed", "cancelled", null),
    restart: fc.record({ from: fc.nat(8), at: fc.nat(8), by: fc.nat(3) }),
    order: fc.array(fc.nat(8), { maxLength: 20 }),
    cancelAfter: fc.option(fc.nat(12), { freq: 4 }),
  })
  .map(play);

function play(script: Script): History {
  const updates = updatesOf(script);
  const answers = updates.reduce<WorkerJob[]>(
    (known, update) => [...known, after(known.at(-1) ?? BEFORE_REPORTS, update)],
    [BEFORE_REPORTS],
  );
  return { answers, rows: rowsOf(script, renumbered(updates, script.restart)) };
}

function updatesOf({ ticks, end }: Script): Update[] {
  let attempt = 1;
  let sequence = 0;
  let segmentCount = 0;
  let hasBegun = false;
  const updates = ticks.map(({ attempt: which, progress, message, segments }): Update => {
    if (which === "next") {
      attempt += 1;
      sequence = 0;
      segmentCount = 0;
      hasBegun = false;
    }
    const status = hasBegun ? ("processing" as const) : ("pending" as const);
    hasBegun ||= progress !== undefined;
    segmentCount += segments;
    return without({
      ...{ jobId: "job", attempt, sequence: sequence++, status, progress, message },
      live: { offset: 0, items: [sized(segmentCount)] },
    });
  });
  const error = end === "failed" ? "No speech." : undefined;
  if (end === null) return updates;
  return [...updates, without({ jobId: "job", attempt, sequence, status: end, error })];
}

function sized(count: number) {
  const segments = Array.from({ length: count }, (_, at) =>
    JSON.stringify({ start: at, end: at + 1, text: "word" }),
  );
  return { segments, sizes: segments.map((segment) => segment.length) };
}

function renumbered(updates: Update[], { from, at, by }: Script["restart"]): Update[] {
  return updates.map((update, index) => {
    const isLate = index >= Math.min(from, at) && at < updates.length;
    return isLate ? { ...update, sequence: (update.sequence ?? 0) + by } : update;
  });
}

function rowsOf({ order, cancelAfter }: Script, updates: Update[]): Job[] {
  const arrivals = [...order.filter((at) => at < updates.length), ...updates.keys()];
  let state = newState();
  const rows = [state.job];
  for (const [index, at] of arrivals.entries()) {
    const update = updates[at];
    if (update === undefined) continue;
    state = deliver(state, update).state;
    if (index === cancelAfter && !isFinished(state.job)) {
      const { updatedAt } = state.job;
      const end = { status: "cancelled", endedBy: "user", completedAt: updatedAt } as const;
      state = { ...state, job: { ...state.job, ...end, updatedAt: updatedAt + 1 } };
    }
    if (state.job !== rows.at(-1)) rows.push(state.job);
  }
  return rows.map(asRow);
}

const BEFORE_REPORTS: WorkerJob = {
  jobId: "job",
  status: "pending",
  progress: 0,
  createdAt: 900,
  updatedAt: 900,
  attempt: 1,
  segmentCount: 0,
};

/** The worker's view once it has reported an update: `JobView.after` in its `queue/view.py`. */
function after(view: WorkerJob, update: Update): WorkerJob {
  const { attempt, status, sequence, message, error, live } = update;
  const base = attempt === view.attempt ? view : { ...BEFORE_REPORTS, attempt };
  const isEnd = isFinished({ status });
  return without({
    ...base,
    ...{ status, sequence, message, error, updatedAt: view.updatedAt + 1 },
    progress: status === "completed" ? 100 : Math.max(base.progress, update.progress ?? 0),
    segmentCount: live === undefined ? base.segmentCount : segmentCount(live.items),
    endedBy: isEnd ? ("worker" as const) : undefined,
  });
}

/** A row with the fields that the database adds. */
export function asRow(job: object): Job {
  return { _id: "row", _creationTime: 1, ...job } as unknown as Job;
}

function without<T extends object>(value: { [Key in keyof T]: T[Key] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}
