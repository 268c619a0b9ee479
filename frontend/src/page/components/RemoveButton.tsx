import { useState, type ReactNode } from "react";
import { asTranscriptionError } from "../../transcription/errors";
import type { JobView } from "../../transcription/types";
import { useText } from "../i18n/TextProvider";
import { usePage } from "../pageContext";
import { errorText } from "../words";
import { Icon } from "./Icon";

/** Deletes a job that has ended, once the person has said so twice. */
export function RemoveButton({ job, name }: { job: JobView; name: string }): ReactNode {
  const text = useText();
  const { t } = text;
  const { transcription, notify } = usePage();
  const [state, setState] = useState<"idle" | "asking" | "removing" | "kept">("idle");
  const remove = async (): Promise<void> => {
    setState("removing");
    try {
      await transcription.removeTranscription(job.jobId);
    } catch (error) {
      notify(t.history.notRemoved(name, errorText(asTranscriptionError(error), text)));
      setState("kept");
    }
  };
  if (state === "idle" || state === "kept") {
    return (
      <button
        type="button"
        className="button quiet icon-only"
        aria-label={t.history.removeNamed(name)}
        title={t.history.remove}
        // Back from the question, whose buttons are gone.
        autoFocus={state === "kept"}
        onClick={() => {
          setState("asking");
        }}
      >
        <Icon name="trash" />
      </button>
    );
  }
  return (
    <span className="confirm" role="group" aria-label={t.history.confirmQuestion}>
      <span className="confirm-question">{t.history.confirmQuestion}</span>
      <button
        type="button"
        className="button danger"
        // The button that was pressed is gone; the keyboard goes on here.
        autoFocus
        disabled={state === "removing"}
        onClick={() => void remove()}
      >
        {t.history.confirm}
      </button>
      <button
        type="button"
        className="button quiet"
        disabled={state === "removing"}
        onClick={() => {
          setState("kept");
        }}
      >
        {t.history.keep}
      </button>
    </span>
  );
}
