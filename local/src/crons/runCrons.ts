import type { Crons } from "convex/server";
import type { JSONValue } from "convex/values";
import type { Deployment } from "../functions/deployment";
import { MAX_TIMER_MS } from "../limits";
import { nextRunOf, type NextRun } from "./schedule";

/**
 * Runs the jobs of `convex/crons.ts`, each at its times; a run that takes longer than the time to
 * the next one delays it. Returns the function that stops them.
 * @throws Error when a schedule cannot be read
 */
export function runCrons(crons: Crons | undefined, deployment: Deployment): () => void {
  const stops = Object.entries(crons?.crons ?? {}).map(([name, job]) => {
    const args = (job.args as unknown as JSONValue[])[0] ?? {};
    return repeat(nextRunOf(name, job.schedule), () =>
      deployment.runScheduled(job.name, args).catch((error: unknown) => {
        deployment.report(`Cron job "${name}"`, error);
      }),
    );
  });
  return () => {
    for (const stop of stops) stop();
  };
}

function repeat(nextRun: NextRun, run: () => Promise<void>): () => void {
  let timer: NodeJS.Timeout;
  let stopped = false;
  const waitFor = (time: number): void => {
    const delay = Math.max(0, time - Date.now());
    timer = setTimeout(
      () => {
        if (delay > MAX_TIMER_MS) waitFor(time);
        else {
          void run().then(() => {
            if (!stopped) waitFor(nextRun(Math.max(time, Date.now())));
          });
        }
      },
      Math.min(delay, MAX_TIMER_MS),
    );
    timer.unref();
  };
  waitFor(nextRun(Date.now()));
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
