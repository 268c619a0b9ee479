import type { TranscriptionJob } from "convex-transcription-jobs/server";
import { useQuery } from "convex/react";
import { api } from "../convex/_generated/api";

function line({ fileName, jobId, progress }: TranscriptionJob): string {
  return `${fileName ?? jobId}: ${progress.toFixed(0)} %`;
}

/** Type-checked, never run. */
export function Transcriptions() {
  const jobs = useQuery(api.transcriptionJobs.listActive);
  return (
    <ul>
      {jobs?.map((job) => (
        <li key={job._id}>{line(job)}</li>
      ))}
    </ul>
  );
}
