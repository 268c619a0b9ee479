import { useRow, useSignIn } from "../transcription/queries";
import type { JobView, QueryState } from "../transcription/types";
import { usePage } from "./pageContext";

/** A job by its id, also one so far back in the history that the list has not come to it. */
export function useShownJob(jobId: string): QueryState<JobView | null> {
  const listed = usePage().transcription.getJob(jobId);
  const row = useRow(useSignIn(), listed === null ? jobId : null);
  if (listed !== null) return { status: "success", data: listed };
  if (row.status !== "success") return row;
  return { status: "success", data: row.data && { ...row.data, source: "convex" } };
}
