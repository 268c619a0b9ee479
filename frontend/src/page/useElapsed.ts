import { useEffect, useState, useSyncExternalStore } from "react";
import { systemClock } from "../transcription/clock";
import type { JobView } from "../transcription/types";
import { ElapsedClock } from "./elapsed";

const isVisible = (): boolean => document.visibilityState === "visible";

/** The clock that measures the active jobs; components read it with the two hooks below. */
export function useElapsedClock(jobs: readonly JobView[]): ElapsedClock {
  const [clock] = useState(() => new ElapsedClock(systemClock, isVisible));
  useEffect(() => {
    clock.see(jobs);
  }, [clock, jobs]);
  useEffect(() => {
    const changed = (): void => {
      clock.visibilityChanged();
    };
    document.addEventListener("visibilitychange", changed);
    return () => {
      document.removeEventListener("visibilitychange", changed);
    };
  }, [clock]);
  return clock;
}

/** Whole seconds that a job has been running, `null` while that is not known. */
export function useElapsed(clock: ElapsedClock, jobId: string): number | null {
  return useSyncExternalStore(clock.subscribe, () => clock.seconds(jobId));
}

/** Whole seconds of the longest silence of these jobs, `null` where there is none. */
export function useSilence(clock: ElapsedClock, jobs: readonly JobView[]): number | null {
  return useSyncExternalStore(clock.subscribe, () => {
    // A job whose file is being sent has not reached the worker, which is not silent then.
    const waiting = jobs.filter((job) => job.upload === undefined);
    const silences = waiting.map((job) => clock.silence(job.jobId) ?? 0);
    return silences.length === 0 ? null : Math.max(...silences);
  });
}
