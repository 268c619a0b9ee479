import { isFinished } from "../../../../src/transcription/jobStatus";
import type { JobView } from "../../../../src/transcription/types";

const RANK = { pending: 0, processing: 1, completed: 2, failed: 2, cancelled: 2 };

/**
 * What runs backwards from one view of a job to the next, `null` where nothing does. Convex's own
 * end counts whatever the worker said meanwhile.
 */
export function backwards(before: JobView, after: JobView): string | null {
  if (isFinished(before) && !isFinished(after)) return "a finished job reopens";
  if (isFinished(after) && after.source !== "worker") return null;
  if (after.attempt !== before.attempt) {
    return after.attempt < before.attempt ? "the attempt falls" : null;
  }
  if (RANK[after.status] < RANK[before.status]) return "the status goes back";
  if (after.progress < before.progress) return "progress falls";
  if ((after.sequence ?? -1) < (before.sequence ?? -1)) return "the sequence falls";
  return null;
}
