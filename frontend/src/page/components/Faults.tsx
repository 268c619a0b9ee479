import type { ReactNode } from "react";
import type { TranscriptionError } from "../../transcription/errors";
import type { JobView, PersistentTranscription } from "../../transcription/types";
import { useText } from "../i18n/TextProvider";
import { usePage } from "../pageContext";
import { useSilence } from "../useElapsed";
import { errorText } from "../words";
import { Icon } from "./Icon";

/** What is wrong at the moment, in whole sentences. */
export function Faults({ activeJobs }: { activeJobs: readonly JobView[] }): ReactNode {
  const { transcription } = usePage();
  const text = useText();
  const { faults } = text.t;
  const say = (sentence: (reason: string) => string, error: TranscriptionError | null) =>
    error === null ? null : sentence(errorText(error, text));
  const errors = [
    say(faults.apiUnanswered, transcription.apiError),
    say(faults.activeUnreadable, errorOf(transcription.activeJobs)),
    say(faults.finishedUnreadable, errorOf(transcription.finishedJobs)),
  ].filter((sentence) => sentence !== null);
  return (
    <div className="faults">
      <SyncFault sync={transcription.sync} activeJobs={activeJobs} />
      <div role="alert">
        {errors.map((sentence) => (
          <p key={sentence} className="banner error">
            <Icon name="alert" />
            {sentence}
          </p>
        ))}
      </div>
    </div>
  );
}

interface SyncFaultProps {
  sync: PersistentTranscription["sync"];
  activeJobs: readonly JobView[];
}

/** Silent to screen readers: the header's status says the same, without a clock that runs. */
function SyncFault({ sync, activeJobs }: SyncFaultProps): ReactNode {
  const { t, format } = useText();
  const silence = useSilence(usePage().elapsedClock, activeJobs);
  switch (sync) {
    case "live":
      return null;
    case "recovered":
      return (
        <p className="banner good">
          <Icon name="check" />
          {t.faults.recovered}
        </p>
      );
    case "convex-unreachable":
      return (
        <p className="banner warning">
          <Icon name="alert" />
          {t.faults.convexUnreachable}
        </p>
      );
    case "worker-silent":
      return (
        <p className="banner warning">
          <Icon name="alert" />
          {silence === null
            ? t.faults.workerSilentNow
            : t.faults.workerSilent(format.span(silence))}
        </p>
      );
  }
}

function errorOf(
  state: PersistentTranscription["activeJobs"] | PersistentTranscription["finishedJobs"],
): TranscriptionError | null {
  return state.status === "error" ? state.error : null;
}
