import { json, refuse, serve, type Received } from "../upload/support/server";

/** The worker's API as a page sees it. */
export interface TestWorker {
  url: string;
  /** Questions about jobs, and uploads. */
  received: Received[];
  /** What it says of its jobs, by id. */
  jobs: Map<string, object>;
}

/** Starts a worker that takes every file and knows the jobs that the test gives it. */
export async function startWorker(): Promise<TestWorker> {
  const jobs = new Map<string, object>();
  const { url, received } = await serve((response, { method, path, body }) => {
    if (method === "POST") {
      json(response, 202, { job_id: /name="job_id"\r\n\r\n([^\r]+)/.exec(body)?.[1] });
      return;
    }
    const jobId = path.replace("/job/", "");
    const job = jobs.get(jobId);
    if (job === undefined) refuse(response, 404, "job_not_found", "There is no such job.");
    else json(response, 200, { jobId, attempt: 1, updatedAt: Date.now(), ...job });
  });
  return { url, received, jobs };
}
