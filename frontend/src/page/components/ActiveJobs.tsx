import type { ReactNode } from "react";
import type { JobView } from "../../transcription/types";
import { useText } from "../i18n/TextProvider";
import { ActiveJob } from "./ActiveJob";

/** The jobs that have not ended. */
export function ActiveJobs({ jobs }: { jobs: readonly JobView[] }): ReactNode {
  const { t } = useText();
  if (jobs.length === 0) return null;
  return (
    <section className="section" aria-labelledby="active-heading">
      <div className="section-head">
        <h2 id="active-heading">{t.active.heading}</h2>
        <p>{t.history.recordings(jobs.length)}</p>
      </div>
      <ul className="cards" aria-label={t.active.list}>
        {jobs.map((job) => (
          <li key={job.jobId} className="card" data-job-id={job.jobId} data-status={job.status}>
            <ActiveJob job={job} />
          </li>
        ))}
      </ul>
    </section>
  );
}
