import { useQueries } from "convex/react";
import type { FunctionReturnType } from "convex/server";
import { useCallback, useMemo, useState } from "react";
import { jobsApi } from "./backend";
import { asState, type SignIn } from "./queries";
import type { Job, QueryState } from "./types";
import { useSame } from "./useSame";

/** Finished jobs, as far as they have been loaded. */
export interface FinishedRows {
  results: Job[];
  more: "available" | "loading" | "none";
  loadMore: (count: number) => void;
}

type HistoryPage = FunctionReturnType<typeof jobsApi.listFinished>;

/** The pages that have been asked for. Another `id` begins anew. */
interface Asked {
  isOn: boolean;
  id: number;
  pages: { cursor: string | null; numItems: number }[];
}

/**
 * The subscriptions to the finished jobs, `pageSize` at first. Convex's own hooks do not do: the
 * one throws errors into the page, the other (`usePaginatedQuery_experimental`) throws them inside
 * the client, which then gives nobody anything more.
 */
export function useFinishedRows(signIn: SignIn, pageSize: number): QueryState<FinishedRows> {
  const isOn = signIn === "signed-in";
  const [held, setAsked] = useState<Asked>(() => firstPage(isOn, 0, pageSize));
  let asked = held;
  if (held.isOn !== isOn) {
    // As many as before: who scrolls does not lose the place while a client is replaced.
    asked = firstPage(isOn, held.id + 1, sum(held.pages.map(({ numItems }) => numItems)));
    setAsked(asked);
  }
  const answers = useAnswers(asked);
  if (answers.some(mustBeAskedAnew)) setAsked(firstPage(isOn, asked.id + 1, pageSize));
  const failed = answers.find((answer) => answer instanceof Error);
  const last = answers.at(-1);
  const next = last === undefined || last instanceof Error || last.isDone ? null : last;

  const cursor = next?.continueCursor ?? null;
  const loadMore = useCallback(
    (numItems: number) => {
      if (cursor === null) return;
      const pages = [...asked.pages, { cursor, numItems }];
      setAsked((now) => (now === asked ? { ...asked, pages } : now));
    },
    [asked, cursor],
  );
  const results = useMemo(() => rowsOf(answers), [answers]);
  if (failed !== undefined) return asState(signIn, { status: "error", error: failed });
  if (answers[0] === undefined) return asState(signIn, { status: "pending" });
  const more = last === undefined ? "loading" : next === null ? "none" : "available";
  return asState(signIn, { status: "success", data: { results, more, loadMore } });
}

/**
 * A page holds its place while rows come into it: it may have grown too large for one query, and a
 * deployment may have forgotten its cursor.
 */
function mustBeAskedAnew(answer: HistoryPage | Error | undefined): boolean {
  if (answer instanceof Error) return answer.message.includes("InvalidCursor");
  return answer?.pageStatus === "SplitRequired" || answer?.pageStatus === "SplitRecommended";
}

function firstPage(isOn: boolean, id: number, numItems: number): Asked {
  return { isOn, id, pages: [{ cursor: null, numItems }] };
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** What Convex says of each page; `undefined` for one that has not arrived. */
function useAnswers({ isOn, id, pages }: Asked): (HistoryPage | Error | undefined)[] {
  const queries = useMemo(() => {
    if (!isOn) return {};
    const query = jobsApi.listFinished;
    return Object.fromEntries(
      pages.map((page, at) => [at, { query, args: { paginationOpts: { ...page, id } } }]),
    );
  }, [isOn, id, pages]);
  const answers = useQueries(queries) as Record<string, HistoryPage | Error>;
  return useSame(pages.map((_, at) => answers[at]));
}

/** The rows of the pages that have arrived without a gap from the first one on. */
function rowsOf(answers: (HistoryPage | Error | undefined)[]): Job[] {
  const rows: Job[] = [];
  for (const answer of answers) {
    if (answer === undefined || answer instanceof Error) break;
    rows.push(...answer.page);
  }
  return rows;
}
