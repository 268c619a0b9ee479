import { useCallback, useEffect, useMemo, useSyncExternalStore } from "react";
import type { JobCallbacks, JobEvents } from "./jobEvents";
import { useLastKnown } from "./lastKnown";
import { useActiveRows, useSignIn, useStats } from "./queries";
import { composeJobs, type ShownJobs } from "./sync/composeJobs";
import type {
  FinishedJobs,
  Job,
  JobView,
  PersistentTranscription,
  QueryState,
  TranscriptionOptions,
  UsePersistentTranscriptionOptions,
} from "./types";
import { useAccount } from "./useAccount";
import { useFinishedRows, type FinishedRows } from "./useFinishedRows";
import { useSession } from "./useSession";

/** Finished jobs that are loaded at first. */
const FIRST_PAGE = 20;

/**
 * The signed-in user's transcription jobs, as Convex pushes them, and what can be done with them.
 * Where news stops it finds out why and goes on by another way; see `SyncStatus`. Use it once in a
 * page, under `ConvexClientProvider` and a provider that signs in (`ConvexProviderWithAuth` or one
 * that is built on it), and pass on what it gives.
 */
export function usePersistentTranscription(
  options: UsePersistentTranscriptionOptions,
): PersistentTranscription {
  const signIn = useSignIn();
  const account = useAccount(signIn);
  const active = useLastKnown(useActiveRows(signIn), `${account}`);
  const finished = useLastKnown(useFinishedRows(signIn, FIRST_PAGE), `${account}`);
  const stats = useLastKnown(useStats(signIn), `${account}`);

  const session = useSession(signIn, account, options);
  const { uploads, fallback, events, commands } = session;
  const { sync, overlay, apiError } = useSyncExternalStore(
    fallback.subscribe,
    fallback.getSnapshot,
  );
  const sending = useSyncExternalStore(uploads.subscribe, uploads.snapshot);

  const activeRows = active.status === "success" ? active.data : null;
  const finishedRows = finished.status === "success" ? finished.data.results : null;
  useEffect(() => {
    if (activeRows !== null) fallback.receive({ active: activeRows, finished: finishedRows ?? [] });
  }, [fallback, activeRows, finishedRows]);

  // What was pushed may be behind a token that was refused since.
  const isSignedOut = signIn === "signed-out" || active.status === "signed-out";
  const shown = useMemo(
    () =>
      isSignedOut
        ? { active: [], finished: [] }
        : composeJobs({ active: activeRows ?? [], finished: finishedRows ?? [] }, overlay, sending),
    [isSignedOut, activeRows, finishedRows, overlay, sending],
  );
  const isKnown = activeRows !== null || overlay.convex !== null;
  const isConnected = isKnown && sync === "live";
  useEffect(() => {
    // Also uploads whose failure could not be reported while Convex was away.
    if (isConnected) void uploads.reportCutOff();
  }, [uploads, isConnected]);
  useEffect(() => {
    // Cancelled in another tab, or on another device.
    for (const { jobId } of shown.finished) if (sending.has(jobId)) uploads.abort(jobId);
  }, [uploads, sending, shown]);
  useJobEvents(events, isKnown ? shown : null, finishedRows !== null, options);

  return {
    activeJobs:
      isKnown && !isSignedOut ? { status: "success", data: shown.active } : asJobs(active),
    finishedJobs: asFinishedJobs(finished, shown.finished, overlay.convex !== null),
    stats,
    sync,
    apiError,
    getJob: useGetJob(shown),
    startTranscription: useCallback(
      (file: File, chosen?: TranscriptionOptions) => uploads.start(file, chosen),
      [uploads],
    ),
    cancelTranscription: useCallback((jobId: string) => session.cancel(jobId), [session]),
    removeTranscription: useCallback((jobId: string) => commands.remove(jobId), [commands]),
  };
}

function useJobEvents(
  events: JobEvents,
  shown: ShownJobs | null,
  isHistoryKnown: boolean,
  { onJobComplete, onJobError, onJobProgress }: JobCallbacks,
): void {
  useEffect(() => {
    if (shown === null) return;
    events.observe(shown, isHistoryKnown, { onJobComplete, onJobError, onJobProgress });
  }, [events, shown, isHistoryKnown, onJobComplete, onJobError, onJobProgress]);
}

function useGetJob({ active, finished }: ShownJobs): (jobId: string) => JobView | null {
  const byId = useMemo(
    () => new Map([...active, ...finished].map((job) => [job.jobId, job])),
    [active, finished],
  );
  return useCallback((jobId) => byId.get(jobId) ?? null, [byId]);
}

function asJobs(state: QueryState<Job[]>): QueryState<JobView[]> {
  // With rows it is a success and does not come here.
  return state.status === "success" ? { status: "loading" } : state;
}

const NOTHING_TO_LOAD = (): void => undefined;

function asFinishedJobs(
  state: QueryState<FinishedRows>,
  results: JobView[],
  isReadOverHttp: boolean,
): FinishedJobs {
  if (state.status === "loading" && isReadOverHttp) {
    return { status: "success", more: "none", results, loadMore: NOTHING_TO_LOAD };
  }
  if (state.status !== "success") return { ...state, results, loadMore: NOTHING_TO_LOAD };
  const { more, loadMore } = state.data;
  return { status: "success", more, results, loadMore };
}
