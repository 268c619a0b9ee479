import {
  useConvexAuth,
  usePaginatedQuery_experimental as usePaginatedQuery,
  useQuery_experimental as useQuery,
} from "convex/react";
import type { FunctionReturnType } from "convex/server";
import { jobsApi } from "./backend";
import { asTranscriptionError } from "./errors";
import type { Job, JobStats, QueryState } from "./types";

/*
 * Convex's hooks in the form that gives errors as values: thrown ones would take down the whole page.
 * Convex publishes it under `_experimental` names; they are used in this file alone.
 */

/** Whether the user is signed in, as far as Convex has said. */
export type SignIn = "loading" | "signed-in" | "signed-out";

/** As Convex sees it: queries wait until the token has been accepted. */
export function useSignIn(): SignIn {
  const { isLoading, isAuthenticated } = useConvexAuth();
  if (isLoading) return "loading";
  return isAuthenticated ? "signed-in" : "signed-out";
}

/** The subscription to the active jobs. */
export function useActiveRows(signIn: SignIn): QueryState<Job[]> {
  const args = signIn === "signed-in" ? {} : "skip";
  return asState(signIn, useQuery({ query: jobsApi.listActive, args }));
}

/** The subscription to the user's counts. */
export function useStats(signIn: SignIn): QueryState<JobStats> {
  const args = signIn === "signed-in" ? {} : "skip";
  return asState(signIn, useQuery({ query: jobsApi.stats, args }));
}

/** One job's row, and only where `jobId` is not `null`. */
export function useRow(
  signIn: SignIn,
  jobId: string | null,
): QueryState<FunctionReturnType<typeof jobsApi.get>> {
  const args = signIn === "signed-in" && jobId !== null ? { jobId } : "skip";
  return asState(signIn, useQuery({ query: jobsApi.get, args }));
}

/** Finished jobs, as far as they have been loaded. */
export interface FinishedRows {
  results: Job[];
  more: "available" | "loading" | "none";
  loadMore: (count: number) => void;
}

/** The subscriptions to the finished jobs, `pageSize` at first. */
export function useFinishedRows(signIn: SignIn, pageSize: number): QueryState<FinishedRows> {
  const args = signIn === "signed-in" ? {} : "skip";
  const result = usePaginatedQuery({
    query: jobsApi.listFinished,
    args,
    initialNumItems: pageSize,
  });
  if (result.status === "error" || result.data === undefined) {
    return asState(signIn, result.status === "error" ? result : { status: "pending" });
  }
  const { data: results, loadMore } = result;
  const more = result.status === "pending" ? "loading" : result.canLoadMore ? "available" : "none";
  return asState(signIn, { status: "success", data: { results, more, loadMore } });
}

type Answer<T> =
  { status: "pending" } | { status: "success"; data: T } | { status: "error"; error: Error };

function asState<T>(signIn: SignIn, answer: Answer<T>): QueryState<T> {
  if (signIn === "signed-out") return { status: "signed-out" };
  if (signIn === "loading" || answer.status === "pending") return { status: "loading" };
  if (answer.status === "success") return answer;
  const error = asTranscriptionError(answer.error);
  // The token has expired meanwhile, or the backend trusts another provider.
  return error.code === "unauthenticated" ? { status: "signed-out" } : { status: "error", error };
}
