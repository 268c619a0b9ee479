import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ConvexClient } from "convex/browser";
import { api } from "../../../convex/_generated/api";
import { startBackend } from "../backend";
import { isFinished } from "../demo/job";
import { findWorker } from "../worker/findWorker";
import { runWorker } from "../worker/runWorker";
import { tap } from "./tap";

/**
 * Records a session of the real worker for `npm start`: three recordings uploaded one after the
 * other and transcribed at once. The first is completed; its user cancels the second half-way; the
 * third one's speech engine is killed half-way, so that it fails.
 */
const REPOSITORY = path.join(import.meta.dirname, "../../..");
const SESSION = path.join(REPOSITORY, "local/demo/session.jsonl");
const HALF_WAY = 40;
/** Milliseconds between two uploads, as a person needs to choose a file. */
const BETWEEN_UPLOADS = 500;
const LABELS = ["a", "b", "c"] as const;

const files = process.argv.slice(2);
const command = findWorker(REPOSITORY);
if (files.length !== LABELS.length || command === null) {
  console.error(
    "npm run record --workspace local -- <three recordings>, with the worker installed",
  );
  process.exit(2);
}

const key = randomBytes(32).toString("base64url");
const log = (line: string): void => void process.stderr.write(`${line}\n`);
const backend = await startBackend({ port: 0, sitePort: 0, env: { CONVEX_API_KEY: key }, log });
const events: object[] = [];
const labels = new Map<string, string>();
let startedAt = 0;
const since = (time: number): number => Math.max(0, Math.round(time - startedAt));

const tapped = await tap(backend.siteUrl, ({ jobId, timestamps, ...update }) => {
  const relative = Object.entries(timestamps ?? {}).map(([name, time]) => [
    name,
    since(new Date(time).getTime()),
  ]);
  const times =
    timestamps === undefined ? {} : { timestamps: Object.fromEntries(relative) as object };
  const job = labels.get(jobId);
  events.push({ at: since(Date.now()), job, update: { ...update, ...times } });
});
process.env["MAX_CONCURRENT_JOBS"] = String(LABELS.length);
process.env["TRANSCRIPTION_ENGINE"] ??= "pocketsphinx";
const worker = await runWorker({
  command,
  port: 0,
  convexUrl: backend.url,
  siteUrl: tapped.url,
  key,
  log,
});
const client = new ConvexClient(backend.url, { logger: false });
client.setAuth(async () => await backend.token("recorder"));

async function upload(label: string, file: string): Promise<string> {
  const fileName = path.basename(file);
  const fileSize = statSync(file).size;
  const { jobId, ticket } = await client.mutation(api.transcriptionJobs.create, {
    fileName,
    fileSize,
  });
  labels.set(jobId, label);
  events.push({ at: since(Date.now()), job: label, call: "create", fileName, fileSize });
  const form = new FormData();
  form.set("job_id", jobId);
  form.set("file", new Blob([readFileSync(file)]), fileName);
  const headers = { Authorization: `Bearer ${ticket ?? ""}` };
  const url = `${worker.url}/transcribe-job`;
  const answer = await fetch(url, { method: "POST", headers, body: form });
  if (!answer.ok)
    throw new Error(`The upload was answered ${answer.status}: ${await answer.text()}`);
  return jobId;
}

/** Resolves at the job's end; does something once when it is half-way. */
async function follow(jobId: string, halfWay: () => void = () => undefined): Promise<void> {
  let done = false;
  await new Promise<void>((resolve) => {
    client.onUpdate(api.transcriptionJobs.get, { jobId }, (job) => {
      if (job === null) return;
      if (!done && job.progress >= HALF_WAY) {
        done = true;
        halfWay();
      }
      if (isFinished(job)) resolve();
    });
  });
}

startedAt = Date.now();
const ends: Promise<void>[] = [];
for (const [index, label] of LABELS.entries()) {
  const jobId = await upload(label, files[index] ?? "");
  ends.push(
    follow(jobId, () => {
      if (label === "b") {
        events.push({ at: since(Date.now()), job: label, call: "cancel" });
        void client.mutation(api.transcriptionJobs.cancel, { jobId });
      }
      // The engine that was started last is the third job's.
      if (label === "c")
        execFileSync("pkill", ["-KILL", "--newest", "--parent", String(worker.pid)]);
    }),
  );
  await new Promise((resolve) => setTimeout(resolve, BETWEEN_UPLOADS));
}
await Promise.all(ends);
await client.close();
await worker.stop();
await tapped.close();
await backend.close();
writeFileSync(SESSION, events.map((event) => `${JSON.stringify(event)}\n`).join(""));
console.log(`${events.length} events of ${since(Date.now())} ms in ${SESSION}`);
process.exit(0);
