import { useLayoutEffect, useRef, type ReactNode } from "react";
import { useText } from "../i18n/TextProvider";
import { closeJob } from "../route";
import { useShownJob } from "../useShownJob";
import { errorText, nameOf } from "../words";
import { Icon } from "./Icon";
import { TranscriptView } from "./TranscriptView";

/** A job's transcript, over the list that it was opened from. */
export function TranscriptPanel({ jobId }: { jobId: string }): ReactNode {
  const text = useText();
  const { t } = text;
  const job = useShownJob(jobId);
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    // Gives the focus back to what opened it.
    return () => element?.close();
  }, []);
  const label = job.status === "success" && job.data !== null ? nameOf(job.data, text) : "";
  return (
    <dialog
      ref={dialog}
      className="panel"
      aria-label={t.transcript.label(label)}
      onCancel={(event) => {
        event.preventDefault();
        closeJob();
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget) closeJob();
      }}
    >
      <div className="panel-inner">
        <button
          type="button"
          className="button quiet icon-only panel-close"
          aria-label={t.transcript.close}
          onClick={closeJob}
        >
          <Icon name="cross" />
        </button>
        {job.status === "loading" && <p className="panel-state">{t.transcript.loading}</p>}
        {job.status === "signed-out" && <p className="panel-state">{t.signedOut.title}</p>}
        {job.status === "error" && (
          <p className="panel-state" role="alert">
            {t.faults.transcriptUnreadable(errorText(job.error, text))}
          </p>
        )}
        {job.status === "success" && job.data === null && (
          <div className="panel-state">
            <h2>{t.transcript.missing}</h2>
            <p>{t.transcript.missingHint}</p>
          </div>
        )}
        {job.status === "success" && job.data !== null && <TranscriptView job={job.data} />}
      </div>
    </dialog>
  );
}
