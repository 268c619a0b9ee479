import { beforeEach, expect, test } from "vitest";
import { eventually, postUpdate } from "../support/backend";
import { renderPage } from "./support";
import { createFinished, createJob, newSubject, postProgress } from "./support/jobs";
import { tapSockets } from "./support/sockets";
import { startWorker } from "./support/worker";
import { json, refuse, serve } from "./upload/support/server";

beforeEach(() => {
  localStorage.clear();
});

test("a started job is made, its file sent with its ticket, and its progress shown", async () => {
  let take: () => void = () => undefined;
  const taken = new Promise<void>((resolve) => (take = resolve));
  const worker = await serve((response, { body }) => {
    const jobId = /name="job_id"\r\n\r\n([^\r]+)/.exec(body)?.[1];
    void taken.then(() => {
      json(response, 202, { job_id: jobId });
    });
  });
  const { result, shown } = renderPage({
    subject: newSubject(),
    options: { apiBaseUrl: worker.url },
  });
  await eventually(() => {
    expect(result.current.activeJobs.status).toBe("success");
  });
  const file = new File(["sound"], "talk.mp3");
  const jobId = await result.current.startTranscription(file, { language: "en" });
  await eventually(() => {
    expect(result.current.getJob(jobId)).toMatchObject({
      status: "pending",
      fileName: "talk.mp3",
      fileSize: 5,
      upload: { total: 5 },
    });
    expect(worker.received).toHaveLength(1);
  });
  expect(worker.received[0]?.headers.authorization).toMatch(/^Bearer \d+\./);
  expect(worker.received[0]?.body).toContain('name="language"\r\n\r\nen');
  take();
  await eventually(() => {
    expect(result.current.getJob(jobId)?.upload).toBeUndefined();
  });
  await postProgress(jobId, 50);
  await postUpdate({ jobId, status: "completed", sequence: 51 });
  await eventually(() => {
    expect(result.current.finishedJobs.results).toMatchObject([{ jobId, status: "completed" }]);
  });
  const sizes = shown.flatMap(({ value }) => value.getJob(jobId)?.upload?.loaded ?? []);
  expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
});

test("a refused file is a failed job, with the reason in the words of the last render", async () => {
  const worker = await serve((response) => {
    refuse(response, 415, "unsupported_audio", "No such format.");
  });
  const { result, rerender } = renderPage({
    subject: newSubject(),
    options: { apiBaseUrl: worker.url, describeUploadError: () => "in another language" },
  });
  await eventually(() => {
    expect(result.current.activeJobs.status).toBe("success");
  });
  rerender({
    apiBaseUrl: worker.url,
    describeUploadError: ({ code, status }) => `${code} ${status ?? ""}`,
  });
  const jobId = await result.current.startTranscription(new File(["x"], "a.txt"));
  await eventually(() => {
    expect(result.current.finishedJobs.results).toMatchObject([
      { jobId, status: "failed", error: "unsupported_audio 415" },
    ]);
  });
});

test("an upload goes on when the page's component is gone", async () => {
  const worker = await startWorker();
  const subject = newSubject();
  const { result, unmount } = renderPage({ subject, options: { apiBaseUrl: worker.url } });
  await eventually(() => {
    expect(result.current.activeJobs.status).toBe("success");
  });
  await result.current.startTranscription(new File(["x"], "a.mp3"));
  unmount();
  await eventually(() => {
    expect(worker.received).toMatchObject([{ method: "POST" }]);
  });
});

test("an active job is cancelled, a finished one removed", async () => {
  const subject = newSubject();
  const [activeId, finishedId] = [await createJob(subject), await createFinished(subject)];
  const { result } = renderPage({ subject });
  await eventually(() => {
    expect(result.current.getJob(activeId)).not.toBeNull();
  });
  await result.current.cancelTranscription(activeId);
  await eventually(() => {
    expect(result.current.getJob(activeId)).toMatchObject({ status: "cancelled" });
    expect(result.current.stats).toMatchObject({ data: { active: 0, cancelled: 1 } });
  });
  await result.current.removeTranscription(finishedId);
  await eventually(() => {
    expect(result.current.getJob(finishedId)).toBeNull();
  });
  // Both may be asked for again: the first answer may have been lost.
  await result.current.cancelTranscription(activeId);
  await result.current.removeTranscription(finishedId);
});

test("what cannot be done is refused with a code", async () => {
  const subject = newSubject();
  const activeId = await createJob(subject);
  const strangersId = await createJob(newSubject());
  const { result } = renderPage({ subject });
  await eventually(() => {
    expect(result.current.getJob(activeId)).not.toBeNull();
  });
  const { removeTranscription, cancelTranscription, startTranscription } = result.current;
  const refusal = (code: string) => ({ name: "TranscriptionError", code });
  await expect(removeTranscription(activeId)).rejects.toMatchObject(refusal("job_active"));
  await expect(cancelTranscription("no-such")).rejects.toMatchObject(refusal("job_not_found"));
  await expect(cancelTranscription(strangersId)).rejects.toMatchObject(refusal("job_not_found"));
  const file = new File(["x"], "a.mp3");
  await expect(startTranscription(file, { jobId: strangersId })).rejects.toMatchObject(
    refusal("job_id_taken"),
  );
  expect(result.current.getJob("no-such")).toBeNull();
  expect(result.current.activeJobs).toMatchObject({ data: [{ jobId: activeId }] });
});

test.each(["listActive", "listFinished", "stats"])(
  "where %s fails, its error is a value, and the rest goes on",
  async (name) => {
    const subject = newSubject();
    const jobId = await createJob(subject);
    await createFinished(subject);
    const { Socket } = tapSockets((frame) =>
      frame.replaceAll(`transcriptionJobs:${name}`, "transcriptionJobs:missing"),
    );
    const { result } = renderPage({ subject, Socket });
    const states = () => ({
      listActive: result.current.activeJobs,
      listFinished: result.current.finishedJobs,
      stats: result.current.stats,
    });
    const error = { name: "TranscriptionError", code: "convex_error" };
    await eventually(() => {
      const success = { status: "success" };
      expect(states()).toMatchObject({
        ...{ listActive: success, listFinished: success, stats: success },
        [name]: { status: "error", error },
      });
    });
    // The client goes on: what comes later arrives.
    await postProgress(jobId, 10);
    await postUpdate({ jobId, status: "completed", sequence: 11 });
    await eventually(() => {
      const rest = {
        listActive: { data: [] },
        listFinished: { results: [{ jobId }, {}] },
        stats: { data: { completed: 2 } },
      };
      expect(states()).toMatchObject({ ...rest, [name]: { status: "error", error } });
    });
  },
);
