import { useConvexAuth, useQuery_experimental as useQuery } from "convex/react";
import type { FunctionReturnType } from "convex/server";
import { jobsApi } from "./backend";
import { asTranscriptionError, type TranscriptionError } from "./errors";
import type { Job, JobStats, QueryState } from "./types";

/*
 * Convex's hook in the form that gives errors as values: thrown ones would take down the whole page.
 * Convex publishes it under an `_experimental` name; it is used in this file alone.
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

type Answer<T> =
  { status: "pending" } | { status: "success"; data: T } | { status: "error"; error: Error };

/** What a query says, where who is signed in has a say, too. */
export function asState<T>(signIn: SignIn, answer: Answer<T>): QueryState<T> {
  if (signIn === "signed-out") return { status: "signed-out" };
  if (signIn === "loading" || answer.status === "pending") return { status: "loading" };
  if (answer.status === "success") return answer;
  return asErrorState(answer.error);
}

/** What a query's error says. */
export function asErrorState(
  thrown: Error,
): { status: "error"; error: TranscriptionError } | { status: "signed-out" } {
  const error = asTranscriptionError(thrown);
  // The token has expired meanwhile, or the backend trusts another provider.
  return error.code === "unauthenticated" ? { status: "signed-out" } : { status: "error", error };
}
