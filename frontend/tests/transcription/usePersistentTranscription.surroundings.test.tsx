import { afterEach, expect, test, vi } from "vitest";
import { eventually, postUpdate } from "../support/backend";
import { renderPage } from "./support";
import { createJob, newSubject, postProgress } from "./support/jobs";
import { ConvexLine } from "./support/convexLine";
import { startWorker } from "./support/worker";

afterEach(() => {
  vi.restoreAllMocks();
  look();
});

/** Tells the page that something about its tab or network has changed. */
function look(): void {
  document.dispatchEvent(new Event("visibilitychange"));
  window.dispatchEvent(new Event("online"));
}

const QUICK = { stuckAfter: 100, pollInterval: 20 };

test.each([
  ["hidden", () => vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden")],
  ["offline", () => vi.spyOn(navigator, "onLine", "get").mockReturnValue(false)],
])("a page that is %s asks nobody, and at once when that is over", async (_, leave) => {
  const subject = newSubject();
  const jobId = await createJob(subject);
  await postProgress(jobId, 10);
  const worker = await startWorker();
  worker.jobs.set(jobId, { status: "processing", progress: 20, sequence: 20 });
  const { result } = renderPage({ subject, options: { ...QUICK, apiBaseUrl: worker.url } });
  await eventually(() => {
    expect(result.current.getJob(jobId)).toMatchObject({ progress: 20, source: "worker" });
  });
  leave();
  look();
  // What was on its way may still arrive.
  await pause(100);
  const asked = worker.received.length;
  worker.jobs.set(jobId, { status: "processing", progress: 30, sequence: 30 });
  await pause(500);
  expect(worker.received).toHaveLength(asked);
  vi.restoreAllMocks();
  look();
  await eventually(() => {
    expect(result.current.getJob(jobId)).toMatchObject({ progress: 30, source: "worker" });
  });
});

test("a page that is closed asks nobody any more, and a closed user's page neither", async () => {
  const subject = newSubject();
  const jobId = await createJob(subject);
  const worker = await startWorker();
  worker.jobs.set(jobId, { status: "processing", progress: 20, sequence: 20 });
  const options = { ...QUICK, apiBaseUrl: worker.url };
  const closed = renderPage({ subject, options });
  const signedOut = renderPage({ subject, options });
  await eventually(() => {
    expect(closed.result.current.getJob(jobId)?.source).toBe("worker");
    expect(signedOut.result.current.getJob(jobId)?.source).toBe("worker");
  });
  closed.unmount();
  signedOut.user.become(null);
  await eventually(() => {
    expect(signedOut.result.current.activeJobs.status).toBe("signed-out");
  });
  await pause(100);
  const asked = worker.received.length;
  await pause(500);
  expect(worker.received).toHaveLength(asked);
});

test("on a page that has never had a socket a job that ends is shown as finished", async () => {
  const subject = newSubject();
  const jobId = await createJob(subject);
  const line = await new ConvexLine().open();
  line.cutSockets();
  const { result } = renderPage({ subject, url: line.url });
  await eventually(() => {
    expect(result.current.getJob(jobId)).toMatchObject({ source: "convex-http" });
  });
  await postUpdate({ jobId, status: "completed", sequence: 1 });
  await eventually(() => {
    expect(result.current.getJob(jobId)).toMatchObject({ status: "completed" });
  });
});

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
