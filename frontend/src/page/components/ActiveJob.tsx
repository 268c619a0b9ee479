import type { ReactNode } from "react";
import type { JobView, UploadProgress } from "../../transcription/types";
import type { Text } from "../i18n";
import { useText } from "../i18n/TextProvider";
import { nameOf, stateOf } from "../words";
import { CancelButton } from "./CancelButton";
import { ElapsedTime } from "./ElapsedTime";
import { LiveText } from "./LiveText";
import { ProgressBar } from "./ProgressBar";

/** One job that has not ended: how far it is, and its newest text. */
export function ActiveJob({ job }: { job: JobView }): ReactNode {
  const text = useText();
  const { t, format } = text;
  const name = nameOf(job, text);
  const { upload } = job;
  const state = upload ? sendingText(upload, text) : stateOf(job, text);
  const value = upload ? share(upload.loaded, upload.total) : job.progress;
  const isUnknown = upload === undefined && job.status === "pending" && job.progress === 0;
  // The worker itself knows more than that its reports do not arrive.
  const isStalled = job.stalledAt !== undefined && job.source !== "worker";
  const percent = format.percent(value);
  return (
    <article aria-label={name}>
      <div className="card-head">
        <h3 className="job-name" title={name}>
          <bdi>{name}</bdi>
        </h3>
        <CancelButton job={job} name={name} />
      </div>
      <p className="job-state">
        <span className="job-stage">{state}</span>
        {!isUnknown && <span className="job-percent">{percent}</span>}
      </p>
      <ProgressBar
        label={t.active.progressOf(name)}
        value={isUnknown ? null : value}
        valueText={isUnknown ? state : `${percent}, ${state}`}
        look={upload ? "sending" : isStalled ? "stalled" : "normal"}
      />
      <p className="job-times">
        <ElapsedTime jobId={job.jobId} />
        {job.estimatedTimeRemaining !== undefined && (
          <span>{t.active.remaining(format.span(roughly(job.estimatedTimeRemaining)))}</span>
        )}
        {job.source === "worker" && <span className="job-source">{t.active.fromWorker}</span>}
        {job.source === "convex-http" && <span className="job-source">{t.active.fromHttp}</span>}
      </p>
      {isStalled && <p className="job-stalled">{t.active.stalled(format.moment(job.updatedAt))}</p>}
      {job.segmentCount > 0 && <LiveText job={job} name={name} />}
    </article>
  );
}

function sendingText({ loaded, total }: UploadProgress, { t, format }: Text): string {
  if (total > 0 && loaded >= total) return t.active.sent;
  return t.active.sending(format.bytes(loaded), format.bytes(total));
}

function share(loaded: number, total: number): number {
  return total === 0 ? 0 : Math.min(100, (100 * loaded) / total);
}

/** An estimate, no more exact than it is: whole minutes from two minutes on. */
function roughly(seconds: number): number {
  return seconds < 120 ? Math.ceil(seconds) : Math.round(seconds / 60) * 60;
}
