import { useState, type ReactNode } from "react";
import { asTranscriptionError } from "../../transcription/errors";
import type { JobView } from "../../transcription/types";
import { useText } from "../i18n/TextProvider";
import { usePage } from "../pageContext";
import { errorText } from "../words";

/** Ends an active job. */
export function CancelButton({ job, name }: { job: JobView; name: string }): ReactNode {
  const text = useText();
  const { t } = text;
  const { transcription, notify } = usePage();
  const [isCancelling, setIsCancelling] = useState(false);
  const cancel = async (): Promise<void> => {
    setIsCancelling(true);
    try {
      await transcription.cancelTranscription(job.jobId);
    } catch (error) {
      notify(t.active.notCancelled(name, errorText(asTranscriptionError(error), text)));
      setIsCancelling(false);
    }
  };
  return (
    <button
      type="button"
      className="button quiet"
      disabled={isCancelling}
      aria-label={isCancelling ? t.active.cancelling : t.active.cancelNamed(name)}
      onClick={() => void cancel()}
    >
      {isCancelling ? t.active.cancelling : t.active.cancel}
    </button>
  );
}
