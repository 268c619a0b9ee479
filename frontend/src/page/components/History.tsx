import type { ReactNode } from "react";
import type { JobStats } from "../../transcription/types";
import { useText } from "../i18n/TextProvider";
import { usePage } from "../pageContext";
import { HistoryList } from "./HistoryList";

/** The jobs that have ended, as far back as somebody scrolls. */
export function History(): ReactNode {
  const { t } = useText();
  const { finishedJobs, stats } = usePage().transcription;
  if (finishedJobs.status === "signed-out") return null;
  const counts = stats.status === "success" ? stats.data : null;
  const { results } = finishedJobs;
  const more = finishedJobs.status === "success" ? finishedJobs.more : "none";
  // Until the oldest has been loaded, the counts alone know how many there are.
  const total = more === "none" ? results.length : counts === null ? null : ended(counts);
  return (
    <section className="section" aria-labelledby="history-heading">
      <div className="section-head">
        <h2 id="history-heading">{t.history.heading}</h2>
        {counts !== null && <Counts counts={counts} />}
      </div>
      {finishedJobs.status === "loading" && <p className="quiet-words">{t.history.loading}</p>}
      {finishedJobs.status === "success" && results.length === 0 && (
        <p className="quiet-words">{t.history.none}</p>
      )}
      {results.length > 0 && (
        <HistoryList
          jobs={results}
          total={total}
          canLoadMore={more === "available"}
          loadMore={finishedJobs.loadMore}
        />
      )}
      {more === "loading" && <p className="quiet-words">{t.history.loadingMore}</p>}
    </section>
  );
}

function Counts({ counts }: { counts: JobStats }): ReactNode {
  const { t } = useText();
  const parts = [
    counts.completed > 0 && t.history.completed(counts.completed),
    counts.failed > 0 && t.history.failed(counts.failed),
    counts.cancelled > 0 && t.history.cancelled(counts.cancelled),
  ].filter((part) => part !== false);
  return <p>{parts.join(" · ")}</p>;
}

function ended({ completed, failed, cancelled }: JobStats): number {
  return completed + failed + cancelled;
}
