import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { JobCommands } from "../../../src/transcription/commands";
import { TranscriptionError } from "../../../src/transcription/errors";
import { createJob, newSubject } from "../support/jobs";
import { Page } from "./support/page";

async function codeOf(command: Promise<unknown>): Promise<string> {
  const error: unknown = await command.then(
    () => "it succeeded",
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof TranscriptionError))
    throw new Error(`Not an error of ours: ${String(error)}`);
  return error.code;
}

test("over the socket while it is connected: nothing goes over HTTP", async () => {
  const [page] = await Page.withJobs(0);
  const { commands } = page.session;
  const { jobId, ticket } = await commands.create({ jobId: randomUUID(), fileName: "a.mp3" });
  expect(ticket).toMatch(/^\d+\./);
  await page.until(() => page.view(jobId).fileName === "a.mp3");
  await commands.cancel(jobId);
  await page.until(() => page.view(jobId).status === "cancelled");
  await commands.remove(jobId);
  await page.until(() => page.shown.finished.length === 0);
  expect(page.requests()).toEqual([]);
});

test("over HTTP while the socket is down", async () => {
  const [page, other = ""] = await Page.withJobs(1);
  page.line.cutSockets();
  await page.connected(false);
  const { commands } = page.session;
  const { jobId, ticket } = await commands.create({ jobId: randomUUID(), fileName: "a.mp3" });
  expect(ticket).toMatch(/^\d+\./);
  await commands.uploadFailed(jobId, "The file is broken.");
  await page.session.cancel(other);
  await commands.remove(other);
  await page.pass(5_000);
  expect(page.shown.active).toEqual([]);
  expect(page.view(jobId)).toMatchObject({ status: "failed", error: "The file is broken." });
  expect(page.line.requests.filter(({ path }) => path === "/api/mutation")).toHaveLength(4);
});

test("what a mute client left unanswered is sent by its successor", async () => {
  const [page, jobId = ""] = await Page.withJobs(1);
  page.line.mute();
  await page.worker.report(jobId, { status: "processing", progress: 8 });
  const created = page.session.commands.create({ jobId: randomUUID() });
  const cancelled = page.session.cancel(jobId);
  await page.pass(35_000);
  expect(page.replacedAt).toHaveLength(1);
  const { jobId: made } = await created;
  await cancelled;
  await page.until(() => page.view(jobId).status === "cancelled");
  await page.until(() => page.shown.active.length === 1);
  expect(page.view(made).source).toBe("convex");
});

test.each(["socket", "HTTP"])("refusals keep their code over %s", async (transport) => {
  const [page, jobId = ""] = await Page.withJobs(1);
  if (transport === "HTTP") {
    page.line.cutSockets();
    await page.connected(false);
  }
  const { commands } = page.session;
  const foreign = await createJob(newSubject());
  expect(await codeOf(commands.create({ jobId: foreign }))).toBe("job_id_taken");
  expect(await codeOf(commands.create({ jobId: "no spaces" }))).toBe("invalid_argument");
  expect(await codeOf(commands.cancel(foreign))).toBe("job_not_found");
  expect(await codeOf(commands.remove(jobId))).toBe("job_active");
  await expect(commands.remove(foreign)).resolves.toBeUndefined();
});

test("where nothing of Convex can be reached, a command fails and says so", async () => {
  const [page, jobId = ""] = await Page.withJobs(1);
  page.line.cutAll();
  await page.connected(false);
  expect(await codeOf(page.session.commands.cancel(jobId))).toBe("convex_unreachable");
});

test("without a token over HTTP there is nobody to act for", async () => {
  const [page, jobId = ""] = await Page.withJobs(1);
  page.token = () => Promise.resolve(null);
  page.line.cutSockets();
  await page.connected(false);
  expect(await codeOf(page.session.commands.cancel(jobId))).toBe("unauthenticated");
});

test("without HTTP a command waits for the socket", async () => {
  const [page, jobId = ""] = await Page.withJobs(1);
  const commands = new JobCommands(page.client, null);
  page.line.cutSockets();
  await page.connected(false);
  const cancelled = commands.cancel(jobId);
  page.line.mend();
  await cancelled;
  await page.until(() => page.view(jobId).status === "cancelled");
});
