import { useQueries } from "convex/react";
import { useMemo, useState } from "react";
import { jobsApi } from "./backend";
import { asTranscriptionError } from "./errors";
import { useLastKnown } from "./lastKnown";
import { useRow, useSignIn, type SignIn } from "./queries";
import {
  FIRST_PAGES,
  joinSegments,
  pagesToAskFor,
  readPages,
  type TranscriptPage,
} from "./transcript";
import type { TranscriptState } from "./types";

/**
 * A job's transcript, page by page, growing while it is being made. Each page is a subscription: one
 * that is closed is sent once and never again, and the job's row, which changes at every tick, is
 * only read where there are no pages. With `null` nothing is read.
 */
export function useTranscript(jobId: string | null): TranscriptState {
  const signIn = useSignIn();
  const [asked, setAsked] = useState({ jobId, count: FIRST_PAGES });
  const count = asked.jobId === jobId ? asked.count : FIRST_PAGES;
  if (asked.jobId !== jobId) setAsked({ jobId, count });

  const { pages, failed } = usePages(signIn, jobId, count);
  const next = pagesToAskFor(pages);
  if (failed === undefined && next > count) setAsked({ jobId, count: next });
  const row = useRow(signIn, pages[0] === null ? jobId : null);
  const rowText = row.status === "success" ? row.data?.result?.text : undefined;

  const read = useMemo(() => {
    const { segments, text, pages: arrived } = readPages(pages);
    const whole = text || joinSegments(segments) || (rowText ?? "");
    return { status: "success", segments, text: whole, pages: arrived } as const;
  }, [pages, rowText]);
  const state = useMemo((): TranscriptState => {
    if (signIn === "signed-out") return { status: "signed-out" };
    if (failed !== undefined) return { status: "error", error: asTranscriptionError(failed) };
    if (pages[0] === undefined) return { status: "loading" };
    return pages[0] === null && row.status === "loading" ? { status: "loading" } : read;
  }, [signIn, failed, pages, row.status, read]);
  return useLastKnown(state);
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

/** The array of before, where it has the very same elements. */
function useSame<T>(items: T[]): T[] {
  const [held, setHeld] = useState(items);
  const isSame = held.length === items.length && held.every((item, at) => item === items[at]);
  if (!isSame) setHeld(items);
  return isSame ? held : items;
}
