import type { Crons } from "convex/server";
import { RUN } from "./context.js";

/**
 * Adds the module's two crons to the app's: the watchdog each minute, retention each hour.
 *
 * @param crons what `cronJobs()` made in the app's `convex/crons.ts`
 */
export function registerCrons(crons: Crons): void {
  crons.interval("transcription: mark silent jobs", { minutes: 1 }, RUN, { op: "watchdog" });
  crons.interval("transcription: delete expired jobs", { hours: 1 }, RUN, { op: "retention" });
}
