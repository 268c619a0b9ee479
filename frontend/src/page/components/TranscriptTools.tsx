import type { ReactNode } from "react";
import { FORMATS, type FormatName } from "../../formats";
import type { JobView, TranscriptState } from "../../transcription/types";
import { download } from "../download";
import { useText } from "../i18n/TextProvider";
import { transcriptOf } from "../transcriptOf";
import { CopyButton } from "./CopyButton";
import { Icon } from "./Icon";

interface TranscriptToolsProps {
  job: JobView;
  transcript: Extract<TranscriptState, { status: "success" }>;
}

/** Copies and downloads a transcript, once all of it has arrived. */
export function TranscriptTools({ job, transcript }: TranscriptToolsProps): ReactNode {
  const { t } = useText();
  const { text, segments, pages } = transcript;
  if (pages === "complete" && segments.length === 0 && text.trim() === "") return null;
  const isWhole = pages === "complete";
  const write = () => transcriptOf(job, text, segments);
  const names = Object.keys(FORMATS) as FormatName[];
  return (
    <div className="tools">
      <CopyButton isReady={isWhole} text={() => FORMATS.txt.write(write())} />
      <div className="downloads" role="group" aria-label={t.transcript.download}>
        <Icon name="download" />
        {names.map((name) => (
          <button
            key={name}
            type="button"
            className="button small"
            disabled={!isWhole}
            aria-label={t.transcript.downloadAs(FORMATS[name].label)}
            onClick={() => {
              download(write(), name);
            }}
          >
            {FORMATS[name].label}
          </button>
        ))}
      </div>
    </div>
  );
}
