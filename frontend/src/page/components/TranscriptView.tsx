import type { ReactNode } from "react";
import { fetchToken } from "../../signIn";
import { useTranscript } from "../../transcription";
import type { JobView, TranscriptState } from "../../transcription/types";
import { clockTime } from "../i18n/format";
import { useText } from "../i18n/TextProvider";
import { durationOf } from "../transcriptOf";
import { errorText, failureOf, nameOf, stageOf } from "../words";
import { ProgressBar } from "./ProgressBar";
import { SegmentList } from "./SegmentList";
import { TranscriptTools } from "./TranscriptTools";

/** A job's transcript with all that is known of it. */
export function TranscriptView({ job }: { job: JobView }): ReactNode {
  const text = useText();
  const { t, format } = text;
  const name = nameOf(job, text);
  const transcript = useTranscript(job.jobId, { fetchToken });
  const failure = failureOf(job, text);
  const isActive = job.status === "pending" || job.status === "processing";
  return (
    <>
      <div className="panel-head">
        <h2 className="panel-title" title={name}>
          <bdi>{name}</bdi>
        </h2>
        <TranscriptFacts job={job} />
        {isActive && (
          <ProgressBar
            label={t.active.progressOf(name)}
            value={job.progress}
            valueText={`${format.percent(job.progress)}, ${stageOf(job, text)}`}
            look={job.stalledAt === undefined ? "normal" : "stalled"}
          />
        )}
        {failure !== null && (
          <div className="banner error">
            <p dir="auto">{failure}</p>
            {job.segmentCount > 0 && <p>{t.transcript.kept}</p>}
          </div>
        )}
        {transcript.status === "success" && <TranscriptTools job={job} transcript={transcript} />}
      </div>
      <TranscriptBody job={job} transcript={transcript} isActive={isActive} />
    </>
  );
}

function TranscriptFacts({ job }: { job: JobView }): ReactNode {
  const { t, format } = useText();
  const duration = durationOf(job);
  const { language, model } = job.result ?? {};
  return (
    <p className="row-facts">
      <span className={`row-status ${job.status}`}>{t.status[job.status]}</span>
      <span>{format.moment(job.completedAt ?? job.createdAt)}</span>
      {duration !== undefined && <span>{clockTime(duration)}</span>}
      {language !== undefined && <span>{format.languageName(language)}</span>}
      {model !== undefined && <span>{model}</span>}
      {job.segmentCount > 0 && <span>{t.transcript.segments(job.segmentCount)}</span>}
    </p>
  );
}

interface TranscriptBodyProps {
  job: JobView;
  transcript: TranscriptState;
  isActive: boolean;
}

function TranscriptBody({ job, transcript, isActive }: TranscriptBodyProps): ReactNode {
  const text = useText();
  const { t } = text;
  if (transcript.status !== "success") {
    const words =
      transcript.status === "error"
        ? t.faults.transcriptUnreadable(errorText(transcript.error, text))
        : transcript.status === "loading"
          ? t.transcript.loading
          : t.signedOut.title;
    return <p className="panel-state">{words}</p>;
  }
  const { segments, text: whole, pages } = transcript;
  if (segments.length > 0) {
    return (
      <>
        <SegmentList segments={segments} isGrowing={isActive} />
        {pages === "loading" && <p className="panel-foot">{t.transcript.loadingRest}</p>}
        {isActive && pages === "complete" && <p className="panel-foot">{t.transcript.writing}</p>}
      </>
    );
  }
  if (whole.trim() !== "") {
    return (
      <div
        className="panel-scroll plain-text"
        tabIndex={0}
        role="region"
        aria-label={t.transcript.list}
      >
        <p dir="auto">{whole}</p>
      </div>
    );
  }
  if (pages === "loading") return <p className="panel-state">{t.transcript.loading}</p>;
  const nothing = isActive
    ? t.transcript.noneYet
    : job.status === "completed"
      ? t.transcript.none
      : t.transcript.noneKept;
  return <p className="panel-state">{nothing}</p>;
}
