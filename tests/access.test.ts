import { describe, expect, test } from "vitest";
import { api } from "../convex/_generated/api";
import { type Backend, newBackend, segments } from "./support/backend";
import { codeOf } from "./support/codeOf";

type Session = Backend["alice"];
const FIRST_PAGE = { numItems: 10, cursor: null };

/** Every public function that takes a job, called for Alice's job. */
const CALLS: Record<string, (session: Session, jobId: string) => Promise<unknown>> = {
  get: (session, jobId) => session.query(api.transcriptionJobs.get, { jobId }),
  transcript: (session, jobId) =>
    session.query(api.transcriptionJobs.transcript, { jobId, page: 0 }),
  cancel: (session, jobId) => session.mutation(api.transcriptionJobs.cancel, { jobId }),
  remove: (session, jobId) => session.mutation(api.transcriptionJobs.remove, { jobId }),
  ticket: (session, jobId) => session.mutation(api.transcriptionJobs.ticket, { jobId }),
  uploadFailed: (session, jobId) =>
    session.mutation(api.transcriptionJobs.uploadFailed, { jobId, error: "broken off" }),
};
const OWN_LISTS: Record<string, (session: Session) => Promise<unknown>> = {
  create: (session) => session.mutation(api.transcriptionJobs.create, {}),
  listActive: (session) => session.query(api.transcriptionJobs.listActive, {}),
  listFinished: (session) =>
    session.query(api.transcriptionJobs.listFinished, { paginationOpts: FIRST_PAGE }),
  stats: (session) => session.query(api.transcriptionJobs.stats, {}),
};

async function withFinishedJob(): Promise<Backend> {
  const backend = newBackend();
  await backend.newJob("job");
  await backend.post({
    jobId: "job",
    status: "completed",
    result: { text: "hello", segments: segments(0, 60) },
  });
  return backend;
}

describe("Promise 6: nobody sees another person's job", () => {
  test.each(Object.keys({ ...CALLS, ...OWN_LISTS }))("%s: not signed in", async (name) => {
    const { t } = await withFinishedJob();
    const call = CALLS[name] ?? OWN_LISTS[name];
    expect(await codeOf(call?.(t as unknown as Session, "job") ?? Promise.resolve())).toBe(
      "unauthenticated",
    );
  });

  test.each(Object.keys(CALLS))(
    "%s: another person's job is as one that does not exist",
    async (name) => {
      const backend = await withFinishedJob();
      const call = (jobId: string) =>
        CALLS[name]?.(backend.bob, jobId).catch(
          (error: unknown) => (error as { data: unknown }).data,
        );
      const before = await backend.dump();
      const answer = await call("job");
      expect(answer).toEqual(await call("nothing"));
      if (answer !== null) expect(answer).toMatchObject({ code: "job_not_found" });
      expect(await backend.dump()).toEqual(before);
    },
  );

  test.each(Object.keys(CALLS))("%s: the owner", async (name) => {
    const backend = await withFinishedJob();
    const answer = await CALLS[name]?.(backend.alice, "job");
    if (name === "get") expect(answer).toMatchObject({ jobId: "job", status: "completed" });
    if (name === "transcript") expect(answer).toMatchObject({ offset: 0 });
    if (name === "ticket") expect(answer).toMatch(/^\d+\./);
    if (name === "cancel" || name === "uploadFailed") {
      expect(await backend.row("job")).toMatchObject({ status: "completed" });
    }
    if (name === "remove") expect((await backend.dump()).transcriptionPages).toEqual([]);
  });

  test("two subjects of one provider and one subject of two providers are three people", async () => {
    const { t } = newBackend();
    const people = [
      ["auth0|1", "https://a.example"],
      ["auth0|2", "https://a.example"],
      ["auth0|1", "https://b.example"],
    ].map(([subject = "", issuer = ""]) => t.withIdentity({ subject, issuer }));
    for (const [index, person] of people.entries()) {
      await person.mutation(api.transcriptionJobs.create, { jobId: `job-${index}` });
    }
    for (const [index, person] of people.entries()) {
      const jobs = await person.query(api.transcriptionJobs.listActive, {});
      expect(jobs.map((job) => job.jobId)).toEqual([`job-${index}`]);
    }
  });

  test("lists and counts are the user's own", async () => {
    const backend = await withFinishedJob();
    const { alice, bob } = backend;
    await backend.newJob("active");
    const seen = async (session: Session) => [
      (await session.query(api.transcriptionJobs.listActive, {})).map((job) => job.jobId),
      (
        await session.query(api.transcriptionJobs.listFinished, { paginationOpts: FIRST_PAGE })
      ).page.map((job) => job.jobId),
      await session.query(api.transcriptionJobs.stats, {}),
    ];
    expect(await seen(alice)).toEqual([
      ["active"],
      ["job"],
      { active: 1, completed: 1, failed: 0, cancelled: 0 },
    ]);
    expect(await seen(bob)).toEqual([[], [], { active: 0, completed: 0, failed: 0, cancelled: 0 }]);
  });
});
