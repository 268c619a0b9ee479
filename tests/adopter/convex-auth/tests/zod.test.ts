import * as z from "zod";
import * as mini from "zod/mini";
import { expect, test } from "vitest";
import { type Answer, newApp } from "./setup";

const app = z.object({ name: z.string(), age: z.number().max(120) });
const wrong = { name: 1, age: 999 };

function messages(): string[] {
  const issues = app.safeParse(wrong).error?.issues ?? [];
  const [first] = mini.string().safeParse(1).error?.issues ?? [];
  return [...issues.map(({ message }) => message), first?.message ?? ""];
}

test("the package changes no message of the app, the app's language none of the endpoint", async () => {
  const before = messages();
  expect(before[0]).toContain("expected string");
  await import("convex-transcription-jobs/server");
  expect(messages()).toEqual(before);

  const { jobs, newJob, stripe } = await newApp();
  const jobId = await newJob();
  const update = { jobId, status: "processing", progress: 101, job_id: jobId };
  const english = (await jobs.post({ ...update, message: 5 })).body as Answer;

  // `convex/model/validators.ts` has said `z.config(es())`, once its route is loaded.
  const spanish = (await (await stripe({ id: 1, type: "" })).json()) as { message: string }[];
  expect(spanish.map(({ message }) => message)).toEqual([
    expect.stringContaining("se esperaba"),
    expect.stringContaining("Demasiado pequeño"),
  ]);
  expect(messages()[0]).toContain("se esperaba");

  const again = (await jobs.post({ ...update, message: 5 })).body as Answer;
  expect(again).toEqual(english);
  expect(again.error?.code).toBe("invalid_payload");
  const told = again.error?.issues?.map(({ message }) => message).join("\n");
  expect(told).toContain("progress: Too big: expected number to be <=100");
  expect(told).toContain('Unrecognized key: "job_id"');
  expect(told).not.toContain("se esperaba");
});
