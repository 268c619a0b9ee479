import * as z from "zod";
import { expect, test } from "vitest";
import { newApp } from "./setup";

const person = z.object({ name: z.string(), age: z.number().max(120) });

function messages(): string[] {
  const issues = person.safeParse({ name: 1, age: 999 }).error?.issues ?? [];
  return issues.map(({ message }) => message);
}

test("the app speaks Spanish and the endpoint English, whichever was loaded first", async () => {
  expect(messages()[0]).toContain("expected string");
  // Here the app says `z.config(es())`, before anything of the package is loaded.
  await import("../convex/model/validators");
  const spanish = messages();
  expect(spanish[0]).toContain("se esperaba");

  const { jobs, newJob, stripe } = await newApp();
  const jobId = await newJob();
  const update = { jobId, status: "processing", progress: 101, job_id: jobId, message: 5 };
  const { status, body } = await jobs.post(update);
  expect(status).toBe(400);
  expect(body.error?.code).toBe("invalid_payload");
  const told = body.error?.issues?.map(({ message }) => message).join("\n");
  expect(told).toContain("progress: Too big: expected number to be <=100");
  expect(told).toContain('Unrecognized key: "job_id"');
  expect(told).toContain("expected string");
  expect(told).not.toContain("se esperaba");

  expect(messages()).toEqual(spanish);
  const refused = (await (await stripe({ id: 1, type: "" })).json()) as { message: string }[];
  expect(refused.map(({ message }) => message)).toEqual([
    expect.stringContaining("se esperaba"),
    expect.stringContaining("Demasiado pequeño"),
  ]);
});
