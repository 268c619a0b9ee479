import { useState, type ReactNode } from "react";
import type { JobView } from "../../transcription/types";
import { useText } from "../i18n/TextProvider";
import { usePage } from "../pageContext";
import { FileInput } from "./FileInput";
import { Icon } from "./Icon";

/**
 * Starts a new job from a job's file, which this page may still have; after a reload the person
 * has to choose it again.
 */
export function TryAgainButton({ job, name }: { job: JobView; name: string }): ReactNode {
  const { t } = useText();
  const { startFiles, keptFile } = usePage();
  const [isChoosing, setIsChoosing] = useState(false);
  const tryAgain = (): void => {
    const file = keptFile(job.jobId);
    if (file === null) setIsChoosing(true);
    else void startFiles([file]);
  };
  if (isChoosing) {
    return (
      <span className="confirm">
        <span className="confirm-question">{t.history.chooseAgainHint}</span>
        <FileInput
          className="secondary"
          limits={null}
          onFiles={(files) => {
            setIsChoosing(false);
            void startFiles(files);
          }}
        >
          {t.history.chooseAgain}
        </FileInput>
      </span>
    );
  }
  return (
    <button
      type="button"
      className="button quiet"
      aria-label={t.history.tryAgainNamed(name)}
      onClick={tryAgain}
    >
      <Icon name="retry" />
      {t.app.tryAgain}
    </button>
  );
}
