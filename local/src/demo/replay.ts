import type { EndpointAnswer } from "./endpoint";
import { recordedJobs, updateBody, type RecordedEvent } from "./recording";

/** What a replay acts through. */
export interface ReplayPorts {
  /** The user makes a job; gives its id. */
  create(job: { fileName: string; fileSize: number }): Promise<string>;
  /** The user ends a job. */
  cancel(jobId: string): Promise<void>;
  /** The worker reports. */
  send(body: object): Promise<EndpointAnswer>;
  /** Resolves `at` milliseconds after the start. */
  waitUntil(at: number): Promise<void>;
}

/** What came of a replay. */
export interface ReplayResult {
  /** The jobs' ids by their labels. */
  jobIds: Map<string, string>;
  /** What was refused or failed, one sentence each. */
  problems: string[];
}

/**
 * Plays a recording: the jobs at the same time, the events of each one after the other.
 *
 * As a worker does, it stops sending for a job when an answer says that its user has ended it.
 * @param startedAt epoch milliseconds of the recording's zero
 */
export async function replay(
  events: RecordedEvent[],
  ports: ReplayPorts,
  startedAt: number,
): Promise<ReplayResult> {
  const result: ReplayResult = { jobIds: new Map(), problems: [] };
  await Promise.all(
    recordedJobs(events).map(async (label) => {
      const own = events.filter(({ job }) => job === label);
      try {
        await replayJob(own, ports, startedAt, result);
      } catch (error) {
        result.problems.push(`Job ${label}: ${error instanceof Error ? error.message : "failed"}`);
      }
    }),
  );
  return result;
}

async function replayJob(
  events: RecordedEvent[],
  ports: ReplayPorts,
  startedAt: number,
  { jobIds, problems }: ReplayResult,
): Promise<void> {
  for (const event of events) {
    await ports.waitUntil(event.at);
    const jobId = jobIds.get(event.job) ?? "";
    switch (event.call) {
      case "create":
        jobIds.set(event.job, await ports.create(event));
        break;
      case "cancel":
        await ports.cancel(jobId);
        break;
      case "update": {
        const answer = await ports.send(updateBody(jobId, event.update, startedAt));
        if (!answer.ok) {
          const { code, message } = answer.error;
          problems.push(
            `Job ${event.job}, sequence ${event.update.sequence}: refused, ${code}: ${message}`,
          );
        } else if (answer.outcome === "ignored") {
          return;
        }
      }
    }
  }
}
