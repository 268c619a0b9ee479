import type { Job, JobView } from "../src/demo/job";

/** A row as the subscription sends it, for tests of what is made of it. */
export function row(fields: Partial<Job> = {}): Job {
  return {
    _id: "id" as Job["_id"],
    _creationTime: 1,
    jobId: "job-1",
    userId: "user",
    status: "processing",
    progress: 50,
    createdAt: 1_000,
    updatedAt: 2_000,
    attempt: 1,
    segmentCount: 0,
    pageCount: 0,
    ...fields,
  };
}

/** The same with the words heard last. */
export function view(fields: Partial<Job> = {}, lastText = ""): JobView {
  return { job: row(fields), lastText };
}
