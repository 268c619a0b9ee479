import { useQueries } from "convex/react";
import { useMemo, useState } from "react";
import { jobsApi } from "./backend";
import { useLastKnown } from "./lastKnown";
import { asErrorState, useRow, useSignIn, type SignIn } from "./queries";
import {
  FIRST_PAGES,
  joinSegments,
  pagesToAskFor,
  readPages,
  type TranscriptPage,
} from "./transcript";
import type { TranscriptState, UseTranscriptOptions } from "./types";
import { useAccount } from "./useAccount";
import { useSame } from "./useSame";
import { useTranscriptOverHttp } from "./useTranscriptOverHttp";

/**
 * A job's transcript, page by page, growing while it is being made. Each page is a subscription: one
 * that is closed is sent once and never again, and the job's row, which changes at every tick, is
 * only read where there are no pages. While the socket is cut the transcript is read over plain HTTP,
 * where `fetchToken` is given. With `null` nothing is read.
 */
export function useTranscript(
  jobId: string | null,
  { fetchToken }: UseTranscriptOptions = {},
): TranscriptState {
  const signIn = useSignIn();
  const account = useAccount(signIn);
  const [asked, setAsked] = useState({ jobId, count: FIRST_PAGES });
  const count = asked.jobId === jobId ? asked.count : FIRST_PAGES;
  if (asked.jobId !== jobId) setAsked({ jobId, count });

  const { pages, failed } = usePages(signIn, jobId, count);
  const next = pagesToAskFor(pages);
  if (failed === undefined && next > count) setAsked({ jobId, count: next });
  const row = useRow(signIn, pages[0] === null ? jobId : null);
  const overHttp = useTranscriptOverHttp(jobId, fetchToken);
  const pushedRow = row.status === "success" ? row.data : null;
  const rowText = (overHttp === null ? pushedRow : overHttp.row)?.result?.text;

  const shown = overHttp?.pages ?? pages;
  const read = useMemo(() => {
    const { segments, text, pages: arrived } = readPages(shown);
    const whole = text || joinSegments(segments) || (rowText ?? "");
    return { status: "success", segments, text: whole, pages: arrived } as const;
  }, [shown, rowText]);
  const state = ((): TranscriptState => {
    if (signIn === "signed-out") return { status: "signed-out" };
    if (overHttp !== null) return read;
    if (failed !== undefined) return asErrorState(failed);
    if (pages[0] === undefined) return { status: "loading" };
    // Without pages the row has all of the text, and says whether there is a job at all.
    return pages[0] === null && row.status !== "success" ? row : read;
  })();
  return useLastKnown(state, JSON.stringify([account, jobId]));
}

interface Pages {
  /** Those that were asked for; `undefined` for one that has not arrived. */
  pages: TranscriptPage[];
  failed: Error | undefined;
}

function usePages(signIn: SignIn, jobId: string | null, count: number): Pages {
  const queries = useMemo(() => {
    if (signIn !== "signed-in" || jobId === null) return {};
    const numbers = Array.from({ length: count }, (_, page) => page);
    return Object.fromEntries(
      numbers.map((page) => [page, { query: jobsApi.transcript, args: { jobId, page } }]),
    );
  }, [signIn, jobId, count]);
  const results = useQueries(queries) as Record<string, TranscriptPage | Error>;
  const answers = Array.from({ length: count }, (_, page) => results[page]);
  const failed = answers.find((answer) => answer instanceof Error);
  const pages = answers.map((answer) => (answer instanceof Error ? undefined : answer));
  return { pages: useSame(pages), failed };
}
