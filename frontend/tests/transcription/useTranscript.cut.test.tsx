import { expect, test } from "vitest";
import type { Segment } from "../../src/transcription";
import { eventually, postUpdate } from "../support/backend";
import { renderTranscript } from "./support";
import { createJob, newSubject } from "./support/jobs";
import { ConvexLine } from "./support/convexLine";

function segments(from: number, count: number, word = "word"): Segment[] {
  return Array.from({ length: count }, (_, at) => {
    const start = from + at;
    return { start, end: start + 1, text: `${word} ${start}.` };
  });
}

async function postSegments(jobId: string, from: number, count: number): Promise<void> {
  const piece = { offset: from, items: segments(from, count) };
  await postUpdate({ jobId, status: "processing", segments: piece, sequence: from + 1 });
}

test("while the socket is cut a transcript grows over HTTP, and closed pages are read once", async () => {
  const subject = newSubject();
  const jobId = await createJob(subject);
  await postSegments(jobId, 0, 120);
  const line = await new ConvexLine().open();
  const { result } = renderTranscript(jobId, { subject, url: line.url });
  await eventually(() => {
    expect(result.current).toMatchObject({ pages: "complete", segments: { length: 120 } });
  });
  expect(line.requests).toEqual([]);

  line.cutSockets();
  await postSegments(jobId, 120, 20);
  await eventually(() => {
    expect(result.current).toMatchObject({ pages: "complete", segments: { length: 140 } });
  });
  // The row, three pages and the end, once: what came when the line was cut is on the third page.
  expect(line.requests).toHaveLength(5);
  await postSegments(jobId, 140, 20);
  await eventually(() => {
    expect(result.current).toMatchObject({ pages: "complete", segments: { length: 160 } });
  });
  // The row, the page that was open, the new one and the end.
  expect(line.requests).toHaveLength(9);

  const final = { segments: segments(0, 10, "final") };
  await postUpdate({ jobId, status: "completed", sequence: 500, result: final });
  await eventually(() => {
    expect(result.current).toMatchObject({ pages: "complete", segments: { length: 10 } });
  });
  line.mend();
  await eventually(() => {
    expect(line.opened).toBeGreaterThan(1);
  });
  expect(result.current).toMatchObject({ segments: { length: 10, 0: { text: "final 0." } } });
});

test("a page whose WebSocket never opens reads a transcript all the same", async () => {
  const subject = newSubject();
  const jobId = await createJob(subject);
  await postUpdate({ jobId, status: "completed", sequence: 1, result: { text: "All of it." } });
  const line = await new ConvexLine().open();
  line.cutSockets();
  const { result } = renderTranscript(jobId, { subject, url: line.url });
  await eventually(() => {
    expect(result.current).toMatchObject({ status: "success", text: "All of it." });
  });
});
