import { isJobError, type TranscriptionJob } from "convex-transcription-jobs/server";
import { useMutation, usePaginatedQuery, useQuery } from "convex/react";
import { useState } from "react";
import { api } from "../convex/_generated/api";

/** What a page needs of the functions; type-checked, never run. */
export function Transcriptions() {
  const jobs = useQuery(api.transcriptionJobs.listActive);
  const stats = useQuery(api.transcriptionJobs.stats);
  const finished = usePaginatedQuery(
    api.transcriptionJobs.listFinished,
    {},
    { initialNumItems: 20 },
  );
  const cancel = useMutation(api.transcriptionJobs.cancel);
  const [problem, setProblem] = useState<string>();

  const stop = async ({ jobId }: TranscriptionJob) => {
    try {
      await cancel({ jobId });
    } catch (error) {
      if (!isJobError(error)) throw error;
      setProblem(error.data.code === "unauthenticated" ? "Entre primero." : error.data.message);
    }
  };

  return (
    <section aria-busy={jobs === undefined}>
      <h2>{stats?.active ?? 0}</h2>
      {problem !== undefined && <p role="alert">{problem}</p>}
      <ul>
        {jobs?.map((job) => (
          <li key={job._id}>
            {job.fileName ?? job.jobId}: {job.progress.toFixed(0)} % {job.stage}
            <button onClick={() => void stop(job)}>×</button>
          </li>
        ))}
        {finished.results.map((job) => (
          <li key={job._id}>{job.result?.text ?? job.error}</li>
        ))}
      </ul>
    </section>
  );
}
