import fc from "fast-check";
import { decide, type Job } from "../../convex/transcription/model/decide";
import { appendSegments, type SegmentPage } from "../../convex/transcription/model/pages";
import { utf8Length } from "../../convex/transcription/model/text";
import type { Segment, SegmentChunk, Update } from "../../convex/transcription/model/validators";

/** A job and its pages without a database: what the decision alone makes of updates. */
export interface State {
  job: Job;
  pages: SegmentPage[];
  text: string[];
}

export const NEW_JOB: Job = {
  jobId: "job",
  userId: "user",
  status: "pending",
  progress: 0,
  createdAt: 1_000,
  updatedAt: 1_000,
  attempt: 1,
  segmentCount: 0,
  pageCount: 0,
};

export function newState(job: Partial<Job> = {}): State {
  return { job: { ...NEW_JOB, ...job }, pages: [], text: [] };
}

/** An update with the fields that every one has. */
export function anUpdate(fields: Partial<Update> = {}): Update {
  return { jobId: "job", attempt: 1, status: "processing", ...fields };
}

export type Delivery =
  | { outcome: "applied" | "duplicate" | "ignored" | "stale"; state: State }
  | { outcome: "refused"; code: string; expected?: number; state: State };

/** Delivers one update, with the pages kept as the database would keep them. */
export function deliver(state: State, update: Update, now = state.job.updatedAt + 1): Delivery {
  const decision = decide(state.job, update, now);
  if (decision.kind === "keep") return { outcome: decision.outcome, state };
  if (decision.kind === "refuse") return { ...decision, outcome: "refused", state };
  const { newAttempt, append, replace, textSlices } = decision.transcript;
  const before = newAttempt ? [] : state.pages;
  const pages = replace === undefined ? appended(before, append) : appendSegments(null, replace);
  const text = textSlices.length > 0 ? textSlices : newAttempt ? [] : state.text;
  const pageCount = Math.max(decision.job.pageCount, pages.length);
  return { outcome: "applied", state: { job: { ...decision.job, pageCount }, pages, text } };
}

function appended(pages: SegmentPage[], segments: SegmentChunk[]): SegmentPage[] {
  const changed = appendSegments(pages.at(-1) ?? null, segments);
  const first = changed[0]?.page ?? pages.length;
  return [...pages.slice(0, first), ...changed];
}

/** Delivers all, each refused one again after the others until it is taken. */
export function deliverAll(state: State, updates: Update[]): State {
  let current = state;
  let waiting = updates;
  while (waiting.length > 0) {
    const refused: Update[] = [];
    for (const update of waiting) {
      const delivery = deliver(current, update);
      if (delivery.outcome === "refused") refused.push(update);
      current = delivery.state;
    }
    if (refused.length === waiting.length) throw new Error("updates that are never taken");
    waiting = refused;
  }
  return current;
}

/** Segments as the endpoint gives them to the mutation. */
export function sized(segments: Segment[]): SegmentChunk[] {
  if (segments.length === 0) return [];
  const json = segments.map((segment) => JSON.stringify(segment));
  return [{ segments: json, sizes: json.map(utf8Length) }];
}

/** What promise 2 speaks of: everything but the server's own clock fields. */
export function withoutClock({ job, pages, text }: State) {
  const { updatedAt: _updatedAt, completedAt: _completedAt, stalledAt: _stalledAt, ...rest } = job;
  return { job: rest, pages, text };
}

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const time = fc.integer({ min: 946_684_800_000, max: 1_900_000_000_000 });
const name = fc.constantFrom("a", "b", "c");

const report = fc.record(
  {
    progress: fc.integer({ min: 0, max: 100 }),
    stage: name,
    message: name,
    estimatedTimeRemaining: fc.nat(99),
    startedAt: time,
    audioInfo: fc.record(
      { duration: fc.nat(3), channels: fc.nat(2), format: name },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

/** Segments whose size makes pages close by count and by bytes. */
function segmentAt(index: number): Segment {
  return { start: index, end: index + 1, text: "x".repeat(index % 7 === 0 ? 6_000 : 5) };
}

function slice(offset: number, count: number) {
  const items = sized(Array.from({ length: count }, (_, index) => segmentAt(offset + index)));
  return { offset, items };
}

const ending = fc.oneof(
  fc.record({ status: fc.constant("failed" as const), error: name }),
  fc.record({ status: fc.constant("cancelled" as const) }),
  fc
    .record({
      text: maybe(fc.constantFrom("short", "long ".repeat(4_000))),
      final: maybe(fc.nat(60)),
      language: maybe(name),
    })
    .map(({ text, final, language }) => ({
      status: "completed" as const,
      result: {
        ...(text !== undefined && { text }),
        ...(language !== undefined && { language }),
        ...(final !== undefined && { segments: slice(0, final).items }),
      },
    })),
);

/**
 * The updates of one attempt as a worker makes them: each sequence number once, live segments
 * that cover the transcript from 0 and may overlap, at most one end, at any place.
 */
export function attemptUpdates(attempt = 1): fc.Arbitrary<Update[]> {
  const step = fc.record({
    report,
    status: fc.constantFrom("pending" as const, "processing" as const),
    added: fc.nat(30),
    overlap: fc.nat(5),
    gap: fc.integer({ min: 1, max: 3 }),
    live: fc.boolean(),
  });
  return fc
    .record({ steps: fc.array(step, { maxLength: 8 }), end: maybe(ending), endAt: fc.nat(8) })
    .map(({ steps, end, endAt }) => {
      let sequence = 0;
      let count = 0;
      const updates = steps.map(({ report, status, added, overlap, gap, live }): Update => {
        sequence += gap;
        const offset = Math.max(0, count - overlap);
        const piece = live ? { live: slice(offset, count - offset + added) } : {};
        if (live) count += added;
        return anUpdate({ ...report, ...piece, status, sequence, attempt });
      });
      if (end !== undefined) {
        const last = updates[endAt];
        if (last === undefined) updates.push(anUpdate({ ...end, sequence: sequence + 1, attempt }));
        else updates[endAt] = { ...last, ...end };
      }
      return updates;
    });
}

/** The same updates in any order, each one or more times. */
export function anyDelivery(updates: Update[]): fc.Arbitrary<Update[]> {
  const some = fc.subarray(updates);
  return fc.tuple(some, some).chain(([twice, thrice]) =>
    fc.shuffledSubarray([...updates, ...twice, ...thrice], {
      minLength: updates.length + twice.length + thrice.length,
    }),
  );
}
