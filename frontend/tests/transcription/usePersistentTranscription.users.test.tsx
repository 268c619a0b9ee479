import { expect, test } from "vitest";
import type { PersistentTranscription } from "../../src/transcription";
import { eventually, tokenFor } from "../support/backend";
import { renderPage } from "./support";
import { createFinished, createJob, newSubject, postProgress } from "./support/jobs";
import { ConvexLine } from "./support/convexLine";
import { TestUser } from "./support/user";

const SIGNED_OUT = {
  activeJobs: { status: "signed-out" },
  finishedJobs: { status: "signed-out", results: [] },
  stats: { status: "signed-out" },
};

function jobIdsOf({ activeJobs, finishedJobs }: PersistentTranscription): string[] {
  const active = activeJobs.status === "success" ? activeJobs.data : [];
  return [...active, ...finishedJobs.results].map(({ jobId }) => jobId);
}

test("where nobody is signed in the page says so, and nothing is asked or thrown", async () => {
  const { result, shown } = renderPage({ subject: null });
  await eventually(() => {
    expect(result.current).toMatchObject(SIGNED_OUT);
  });
  expect(shown.map(({ value }) => value.activeJobs.status)).not.toContain("success");
  expect(result.current.getJob("any")).toBeNull();
  result.current.finishedJobs.loadMore(20);
  await expect(result.current.startTranscription(new File(["x"], "a.mp3"))).rejects.toMatchObject({
    name: "TranscriptionError",
    code: "unauthenticated",
  });
});

test("a user whose token is refused is signed out", async () => {
  const user = new TestUser(newSubject(), () => Promise.resolve("not.a.token"));
  const { result } = renderPage({ subject: user });
  await eventually(() => {
    expect(result.current).toMatchObject(SIGNED_OUT);
  });
});

test("signing out empties the page, and signing in fills it again", async () => {
  const subject = newSubject();
  const jobIds = [await createJob(subject), await createFinished(subject)];
  const { result, shown, user } = renderPage({ subject });
  await eventually(() => {
    expect(jobIdsOf(result.current)).toEqual(jobIds);
  });
  user.become(null);
  await eventually(() => {
    expect(result.current).toMatchObject(SIGNED_OUT);
  });
  expect(result.current.getJob(jobIds[0] ?? "")).toBeNull();
  for (const { subject: who, value } of shown) {
    if (who === null) expect(jobIdsOf(value)).toEqual([]);
  }
  user.become(subject);
  await eventually(() => {
    expect(jobIdsOf(result.current)).toEqual(jobIds);
  });
});

test.each(["after signing out", "at once"])(
  "another user, %s, sees nothing of the first one's",
  async (how) => {
    const [first, second] = [newSubject(), newSubject()];
    const firstIds = [await createJob(first), await createFinished(first)];
    const secondIds = [await createJob(second), await createFinished(second)];
    const told: string[] = [];
    const { result, shown, user } = renderPage({
      subject: first,
      options: { onJobProgress: ({ jobId }) => told.push(jobId) },
    });
    await eventually(() => {
      expect(jobIdsOf(result.current)).toEqual(firstIds);
    });
    if (how === "after signing out") {
      user.become(null);
      await eventually(() => {
        expect(result.current).toMatchObject(SIGNED_OUT);
      });
    }
    user.become(second);
    await eventually(() => {
      expect(jobIdsOf(result.current)).toEqual(secondIds);
    });
    await postProgress(firstIds[0] ?? "", 50);
    await postProgress(secondIds[0] ?? "", 50);
    await eventually(() => {
      expect(result.current.getJob(secondIds[0] ?? "")?.progress).toBe(50);
    });
    expect(told).toEqual([secondIds[0]]);
    for (const { value } of shown) {
      expect(value.activeJobs.status).not.toBe("error");
      expect(value.finishedJobs.status).not.toBe("error");
    }
    const switched = shown.filter(({ subject: who }) => who === second);
    // In the commit that tells of the new user itself, Convex's own hooks still give the first one's.
    const seen = switched.slice(how === "at once" ? 1 : 0).flatMap(({ value }) => jobIdsOf(value));
    expect(seen.filter((jobId) => !secondIds.includes(jobId))).toEqual([]);
  },
);

test("another user sees nothing that was read over HTTP for the first one", async () => {
  const [first, second] = [newSubject(), newSubject()];
  const firstId = await createJob(first);
  const secondId = await createJob(second);
  const line = await new ConvexLine().open();
  const { result, shown, user } = renderPage({ subject: first, url: line.url });
  await eventually(() => {
    expect(jobIdsOf(result.current)).toEqual([firstId]);
  });
  line.cutSockets();
  await postProgress(firstId, 30);
  await eventually(() => {
    expect(result.current.getJob(firstId)).toMatchObject({ progress: 30, source: "convex-http" });
  });
  user.become(second);
  await eventually(() => {
    expect(jobIdsOf(result.current)).toEqual([secondId]);
  });
  line.mend();
  await eventually(() => {
    expect(result.current.getJob(secondId)).toMatchObject({ source: "convex" });
  });
  const switched = shown.filter(({ subject: who }) => who === second).slice(1);
  expect(switched.flatMap(({ value }) => jobIdsOf(value))).not.toContain(firstId);
});

test("a token that is asked for late makes the page wait, not signed out", async () => {
  const subject = newSubject();
  const jobId = await createJob(subject);
  let give: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => (give = resolve));
  const user = new TestUser(subject, async (who) => {
    await asked;
    return await tokenFor(who);
  });
  const { result, shown } = renderPage({ subject: user });
  expect(result.current.activeJobs.status).toBe("loading");
  give();
  await eventually(() => {
    expect(jobIdsOf(result.current)).toEqual([jobId]);
  });
  expect(shown.map(({ value }) => value.activeJobs.status)).not.toContain("signed-out");
});
