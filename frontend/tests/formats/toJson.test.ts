// @vitest-environment node
import { ConvexHttpClient } from "convex/browser";
import { inject, it, expect } from "vitest";
import { api } from "../../../convex/_generated/api";
import { parseUpdate } from "../../../convex/transcription/wire/parseUpdate";
import { toJson } from "../../src/formats";
import { postUpdate, tokenFor } from "../support/backend";
import { interview } from "./transcripts";

it("is a result that the endpoint takes, and keeps whole", async () => {
  const result = JSON.parse(toJson(interview)) as object;
  const client = new ConvexHttpClient(inject("convexUrl"), { logger: false });
  client.setAuth(await tokenFor("somebody-who-posts-json"));
  const { jobId } = await client.mutation(api.transcriptionJobs.create, {});
  expect(await postUpdate({ jobId, status: "completed", result, sequence: 1 })).toMatchObject({
    ok: true,
    outcome: "applied",
  });
  expect(await client.query(api.transcriptionJobs.get, { jobId })).toMatchObject({
    result: { text: interview.text, language: "en", duration: 3725.5, model: "whisper-small" },
  });
  const page = await client.query(api.transcriptionJobs.transcript, { jobId, page: 0 });
  expect(page?.segments).toEqual(interview.segments);
});

it.each([
  ["empty", { text: "", segments: [] }],
  ["text alone", { text: "Hello.", segments: [] }],
])("%s: leaves out what is not known", (_, transcript) => {
  const result = JSON.parse(toJson(transcript)) as object;
  expect(result).toEqual({ task: "transcribe", ...transcript });
  expect(() => parseUpdate({ jobId: "a", status: "completed", result })).not.toThrow();
});
