import type { Subject } from "./subject";

/** Milliseconds that half, 95 and 99 of 100 samples stay under. */
export interface Latency {
  p50: number;
  p95: number;
  p99: number;
}

/** Nearest-rank percentiles of a list of samples. */
export function percentiles(samples: number[]): Latency {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? NaN;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/**
 * From a POST until the subscriber's callback has the new row, one update at a time, in
 * milliseconds.
 */
export async function latencies(subject: Subject, updates: number): Promise<number[]> {
  const jobId = await subject.newJob();
  let seen: (sequence: number) => void = () => undefined;
  const stop = subject.watch(jobId, (sequence) => {
    seen(sequence);
  });
  const samples: number[] = [];
  for (let sequence = 1; sequence <= updates; sequence++) {
    const arrived = new Promise<void>((resolve) => {
      seen = (shown) => {
        if (shown === sequence) resolve();
      };
    });
    const sentAt = performance.now();
    const [, shownAt] = await Promise.all([
      subject.tick(jobId, sequence),
      arrived.then(() => performance.now()),
    ]);
    samples.push(shownAt - sentAt);
  }
  stop();
  return samples;
}

/** Updates a second that posters get through at once, each with a job of its own. */
export async function throughput(
  subject: Subject,
  posters: number,
  updatesEach: number,
): Promise<number> {
  const jobs = await Promise.all(Array.from({ length: posters }, () => subject.newJob()));
  const startedAt = performance.now();
  await Promise.all(
    jobs.map(async (jobId) => {
      for (let sequence = 1; sequence <= updatesEach; sequence++) {
        await subject.tick(jobId, sequence);
      }
    }),
  );
  return (posters * updatesEach * 1_000) / (performance.now() - startedAt);
}

/** Bytes that the sync connection brings for one update of one subscribed job. */
export async function bytesPerTick(subject: Subject, updates: number): Promise<number> {
  const before = subject.bytesReceived;
  await latencies(subject, updates);
  return (subject.bytesReceived - before) / updates;
}
