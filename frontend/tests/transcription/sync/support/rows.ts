import type { ConvexRows } from "../../../../src/transcription/sync/composeJobs";
import { isFinished } from "../../../../src/transcription/jobStatus";
import type { Job } from "../../../../src/transcription/types";
import type { WorkerJob } from "../../../../src/transcription/upload/workerJob";

/** A row without a database. Fields that belong to its id are made from it. */
export function aRow(fields: Partial<Job> = {}): Job {
  const jobId = fields.jobId ?? "job";
  const row: Omit<Job, "_id"> = {
    ...{ jobId, userId: "user", status: "pending", progress: 0, attempt: 1 },
    ...{ _creationTime: 10, createdAt: 10, updatedAt: 10, segmentCount: 0, pageCount: 0 },
    ...fields,
  };
  return { ...row, _id: jobId as Job["_id"] };
}

/** What the worker's API says of a job, parsed. */
export function aWorkerJob(fields: Partial<WorkerJob> = {}): WorkerJob {
  return {
    ...{ jobId: "job", status: "pending", progress: 0, attempt: 1 },
    ...{ createdAt: 10, updatedAt: 10, segmentCount: 0 },
    ...fields,
  };
}

/** Rows as the two queries give them. */
export function rows(...jobs: Job[]): ConvexRows {
  return {
    active: jobs.filter((job) => !isFinished(job)),
    finished: jobs.filter((job) => isFinished(job)),
  };
}
