import type { ReactNode } from "react";
import type { JobView } from "../../transcription/types";
import { clockTime } from "../i18n/format";
import { useText } from "../i18n/TextProvider";
import { durationOf } from "../transcriptOf";
import { failureOf, nameOf } from "../words";
import { JobLink } from "./JobLink";
import { RemoveButton } from "./RemoveButton";
import { StatusMark } from "./StatusMark";
import { TryAgainButton } from "./TryAgainButton";

/** One job that has ended. */
export function HistoryRow({ job }: { job: JobView }): ReactNode {
  const text = useText();
  const { t, format } = text;
  const name = nameOf(job, text);
  const duration = durationOf(job);
  const language = job.result?.language;
  const failure = failureOf(job, text);
  return (
    <>
      <StatusMark status={job.status} />
      <div className="row-words">
        <JobLink jobId={job.jobId} className="row-name">
          <bdi>{name}</bdi>
        </JobLink>
        <p className="row-facts">
          <span className={`row-status ${job.status}`}>{t.status[job.status]}</span>
          {job.completedAt !== undefined && <span>{format.moment(job.completedAt)}</span>}
          {duration !== undefined && <span>{clockTime(duration)}</span>}
          {language !== undefined && <span>{format.languageName(language)}</span>}
        </p>
        {failure !== null && (
          <p className="row-error" dir="auto" title={failure}>
            {failure}
          </p>
        )}
      </div>
      <div className="row-actions">
        {job.status !== "completed" && <TryAgainButton job={job} name={name} />}
        <RemoveButton job={job} name={name} />
      </div>
    </>
  );
}
