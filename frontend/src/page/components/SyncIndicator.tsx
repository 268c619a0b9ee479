import type { ReactNode } from "react";
import type { PersistentTranscription } from "../../transcription/types";
import type { Dictionary } from "../i18n/en";
import { useText } from "../i18n/TextProvider";

type Look = "good" | "wait" | "fault";

/** In a word, how what is shown reaches the page; said by screen readers when it changes. */
export function SyncIndicator({
  transcription,
}: {
  transcription: PersistentTranscription;
}): ReactNode {
  const { t } = useText();
  const [look, words] = describe(transcription, t);
  return (
    <p className={`sync ${look}`} role="status">
      <span className="sync-dot" aria-hidden="true" />
      {words}
    </p>
  );
}

function describe({ activeJobs, sync }: PersistentTranscription, t: Dictionary): [Look, string] {
  if (activeJobs.status === "signed-out") return ["wait", t.sync.signedOut];
  switch (sync) {
    case "live":
      return activeJobs.status === "loading" ? ["wait", t.sync.connecting] : ["good", t.sync.live];
    case "worker-silent":
      return ["fault", t.sync.workerSilent];
    case "convex-unreachable":
      return ["fault", t.sync.convexUnreachable];
    case "recovered":
      return ["good", t.sync.recovered];
  }
}
