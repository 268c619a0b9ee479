import type { ReactNode } from "react";
import { fetchToken } from "../../signIn";
import { useTranscript } from "../../transcription";
import type { JobView } from "../../transcription/types";
import { clockTime } from "../i18n/format";
import { useText } from "../i18n/TextProvider";
import { JobLink } from "./JobLink";

/** Segments that are shown below an active job. */
const NEWEST = 3;

/** The newest lines of a transcript that is being made, and the way to all of it. */
export function LiveText({ job, name }: { job: JobView; name: string }): ReactNode {
  const { t } = useText();
  const transcript = useTranscript(job.jobId, { fetchToken });
  if (transcript.status !== "success" || transcript.segments.length === 0) return null;
  const first = Math.max(0, transcript.segments.length - NEWEST);
  const newest = transcript.segments.slice(first);
  return (
    <div className="live">
      <ol className="live-lines" start={first + 1} aria-label={t.active.liveText(name)}>
        {newest.map((segment, index) => (
          <li key={first + index}>
            <span className="time">{clockTime(segment.start)}</span>
            <span dir="auto">{segment.text}</span>
          </li>
        ))}
      </ol>
      <JobLink jobId={job.jobId} className="link" label={t.active.wholeTextNamed(name)}>
        {t.active.wholeText}
      </JobLink>
    </div>
  );
}
