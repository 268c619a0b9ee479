import fc from "fast-check";
import { expect, test } from "vitest";
import { composeJobs, type ConvexRows } from "../../../src/transcription/sync/composeJobs";
import {
  handleJobResult,
  hasCaughtUp,
  type JobResult,
} from "../../../src/transcription/sync/handleJobResult";
import { isFinished } from "../../../src/transcription/jobStatus";
import type { Job, JobView } from "../../../src/transcription/types";
import type { WorkerJob } from "../../../src/transcription/upload/workerJob";
import { backwards } from "./support/monotone";
import { histories, type History } from "./support/history";

/** Looks at one history: with 2,500 histories a million for each test. */
const LOOKS = 400;
const RUNS = { numRuns: 2_500 };

const SOURCES = ["convex", "convex-http", "worker"] as const;
type Look = [source: (typeof SOURCES)[number], at: number];

/** Where something is learned from, and how far along that place's history: cheap, from a seed. */
function* looksFrom(seed: number): Generator<Look> {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 8;
  };
  for (let made = 0; made < LOOKS; made += 1) yield [pick(SOURCES, next()), next()];
}

function pick<T>(items: readonly T[], at: number): T {
  const item = items[at % items.length];
  if (item === undefined) throw new Error("The list is empty");
  return item;
}

function resultOf({ rows, answers }: History, [source, at]: Look): JobResult {
  if (source === "worker") return { source, job: pick(answers, at) };
  return { source, job: pick(rows, at) };
}

test("in whatever order things are learned, the view never runs backwards", () => {
  fc.assert(
    fc.property(histories, fc.nat(), (history, seed) => {
      let shown: JobView = { ...pick(history.rows, 0), source: "convex" };
      for (const look of looksFrom(seed)) {
        const next = handleJobResult(shown, resultOf(history, look));
        expectForwards(shown, next);
        shown = next;
      }
      const last = history.rows.at(-1);
      if (last === undefined) throw new Error("There is a row at least");
      const settled = handleJobResult(shown, { source: "convex", job: last });
      expectSameJob(settled, last);
    }),
    RUNS,
  );
});

test("what the page shows of rows, readings and answers never runs backwards, and ends as the row", () => {
  fc.assert(
    fc.property(histories, fc.nat(), ({ rows, answers }, seed) => {
      let [pushed, read, said] = [0, -1, 0];
      let worker: WorkerJob | undefined;
      const show = (): JobView => {
        const convex = read > pushed ? rowsOf(pick(rows, read)) : null;
        const overlay = new Map(worker === undefined ? [] : [["job", worker]]);
        const shown = composeJobs(
          rowsOf(pick(rows, pushed)),
          { convex, worker: overlay },
          new Map(),
        );
        return pick([...shown.active, ...shown.finished], 0);
      };
      let before = show();
      const look = (): void => {
        const newest = pick(rows, Math.max(read, pushed));
        if (worker !== undefined && hasCaughtUp(newest, worker)) worker = undefined;
        const after = show();
        expectForwards(before, after);
        before = after;
      };
      for (const [source, at] of looksFrom(seed)) {
        const step = at % 40 === 0 ? 2 : at % 20 === 0 ? 1 : 0;
        if (source === "convex") pushed = Math.min(pushed + step, rows.length - 1);
        else if (source === "convex-http")
          read = Math.min(Math.max(read, pushed) + step, rows.length - 1);
        else if (!isFinished(pick(rows, Math.max(read, pushed)))) {
          said = Math.min(said + step, answers.length - 1);
          worker = pick(answers, said);
        }
        look();
      }
      pushed = rows.length - 1;
      look();
      const last = pick(rows, pushed);
      expectSameJob(before, last);
      expect(before.source).toBe("convex");
    }),
    RUNS,
  );
});

function expectForwards(before: JobView, after: JobView): void {
  const fault = backwards(before, after);
  if (fault !== null) throw new Error(`${fault}: ${JSON.stringify({ before, after })}`);
}

function expectSameJob(view: JobView, row: Job): void {
  const { source, ...job } = view;
  expect(["convex", "convex-http"]).toContain(source);
  expect(job).toEqual(row);
}

function rowsOf(row: Job): ConvexRows {
  return isFinished(row) ? { active: [], finished: [row] } : { active: [row], finished: [] };
}
