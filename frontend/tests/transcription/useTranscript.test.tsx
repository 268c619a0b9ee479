import { expect, test } from "vitest";
import type { Segment, TranscriptState } from "../../src/transcription";
import { eventually, postUpdate } from "../support/backend";
import { renderTranscript } from "./support";
import { createJob, newSubject, postProgress } from "./support/jobs";
import { tapSockets } from "./support/sockets";
import { TestUser } from "./support/user";

/** Segments number `from` to `from + count - 1`, each with its number as its text. */
function segments(from: number, count: number, prefix = "word"): Segment[] {
  return Array.from({ length: count }, (_, at) => {
    const start = from + at;
    return { start, end: start + 1, text: `${prefix} ${start}.` };
  });
}

async function postSegments(jobId: string, from: number, count: number): Promise<void> {
  const piece = { offset: from, items: segments(from, count) };
  await postUpdate({ jobId, status: "processing", segments: piece, sequence: from + 1 });
}

function shownTexts({ value }: { value: TranscriptState }): string[] {
  return textsOf(value);
}

function textsOf(state: TranscriptState): string[] {
  return state.status === "success" ? state.segments.map(({ text }) => text) : [];
}

test("a transcript grows while it is made, over the ends of its pages", async () => {
  const subject = newSubject();
  const jobId = await createJob(subject);
  const { result, shown } = renderTranscript(jobId, { subject });
  expect(result.current).toEqual({ status: "loading" });
  await eventually(() => {
    expect(result.current).toEqual({
      status: "success",
      segments: [],
      text: "",
      pages: "complete",
    });
  });
  for (const [from, count] of [
    [0, 1],
    [1, 48],
    [49, 1],
    [50, 1],
    [51, 160],
    [211, 40],
  ] as const) {
    await postSegments(jobId, from, count);
    await eventually(() => {
      expect(result.current).toMatchObject({
        pages: "complete",
        segments: { length: from + count },
      });
    });
  }
  const all = segments(0, 251);
  expect(result.current).toMatchObject({
    segments: all,
    text: all.map(({ text }) => text).join(" "),
  });
  // At every moment it was a whole beginning, and never shorter than before.
  const lengths = shown.map((page) => shownTexts(page).length);
  expect(lengths).toEqual(lengths.toSorted((a, b) => a - b));
  for (const { value } of shown) {
    const texts = textsOf(value);
    expect(texts).toEqual(all.slice(0, texts.length).map(({ text }) => text));
  }
  const statuses = shown.map(({ value }) => value.status);
  expect(statuses.lastIndexOf("loading")).toBeLessThan(statuses.indexOf("success"));
});

test("a long transcript arrives whole and in order", async () => {
  const subject = newSubject();
  const jobId = await createJob(subject);
  const all = segments(0, 1_200);
  await postUpdate({ jobId, status: "completed", result: { segments: all }, sequence: 1 });
  const { result, rerender, shown } = renderTranscript(jobId, { subject });
  await eventually(() => {
    expect(result.current).toMatchObject({ status: "success", pages: "complete" });
  });
  expect(result.current).toMatchObject({ segments: all });
  // The empty pages behind the last one may come later; then a render alone changes nothing.
  await eventually(() => {
    const before = result.current;
    rerender({ jobId });
    expect(result.current).toBe(before);
  });
  expect(shown.some(({ value }) => value.status === "success" && value.pages === "loading")).toBe(
    true,
  );
});

test("a closed page is sent once, and the row not at all", async () => {
  const subject = newSubject();
  const jobId = await createJob(subject);
  await postSegments(jobId, 0, 50);
  const sent: string[] = [];
  const sockets = tapSockets((frame) => {
    sent.push(frame);
    return frame;
  });
  const { result } = renderTranscript(jobId, { subject, Socket: sockets.Socket });
  await eventually(() => {
    expect(result.current).toMatchObject({ pages: "complete", segments: { length: 50 } });
  });
  for (const from of [50, 60, 70, 80, 90, 100]) {
    await postSegments(jobId, from, 10);
    await postProgress(jobId, from - 40);
    await eventually(() => {
      expect(textsOf(result.current)).toHaveLength(from + 10);
    });
  }
  const framesWith = (text: string) => sockets.received.filter((frame) => frame.includes(text));
  expect(framesWith('"word 0."')).toHaveLength(1);
  // The open page was sent with each piece, until the fifth closed it.
  expect(framesWith('"word 50."')).toHaveLength(5);
  expect(framesWith('"word 100."')).toHaveLength(1);
  expect(sent.filter((frame) => frame.includes("transcriptionJobs:get"))).toEqual([]);
  expect(framesWith('"progress"')).toEqual([]);
});

test("the final result replaces what was live", async () => {
  const subject = newSubject();
  const jobId = await createJob(subject);
  await postSegments(jobId, 0, 120);
  const { result, shown } = renderTranscript(jobId, { subject });
  await eventually(() => {
    expect(textsOf(result.current)).toHaveLength(120);
  });
  const final = segments(0, 60, "final");
  const from = shown.length;
  await postUpdate({ jobId, status: "completed", result: { segments: final }, sequence: 999 });
  await eventually(() => {
    expect(result.current).toMatchObject({ pages: "complete", segments: final });
  });
  // All at once: nobody saw a mixture.
  for (const { value } of shown.slice(from)) {
    expect(new Set(textsOf(value).map((text) => text.split(" ")[0])).size).toBe(1);
  }
});

test("a new attempt begins with nothing", async () => {
  const subject = newSubject();
  const jobId = await createJob(subject);
  await postSegments(jobId, 0, 60);
  const { result } = renderTranscript(jobId, { subject });
  await eventually(() => {
    expect(textsOf(result.current)).toHaveLength(60);
  });
  await postUpdate({ jobId, status: "processing", attempt: 2, sequence: 1 });
  await eventually(() => {
    expect(result.current).toMatchObject({ status: "success", segments: [], text: "" });
  });
});

test.each([
  ["short", "Only a text."],
  ["long", "All that was said. ".repeat(6_000).trim()],
])("a %s text without segments is shown whole", async (_, text) => {
  const subject = newSubject();
  const jobId = await createJob(subject);
  const { result } = renderTranscript(jobId, { subject });
  await eventually(() => {
    expect(result.current.status).toBe("success");
  });
  await postUpdate({ jobId, status: "completed", result: { text }, sequence: 1 });
  await eventually(() => {
    expect(result.current).toEqual({ status: "success", segments: [], text, pages: "complete" });
  });
});

test("another job's transcript begins with nothing of the one before, and null reads nothing", async () => {
  const subject = newSubject();
  const [first, second] = [await createJob(subject), await createJob(subject)];
  await postSegments(first, 0, 250);
  const final = segments(0, 3, "second");
  await postUpdate({
    jobId: second,
    status: "completed",
    result: { segments: final },
    sequence: 1,
  });
  const { result, rerender, shown } = renderTranscript(first, { subject });
  await eventually(() => {
    expect(textsOf(result.current)).toHaveLength(250);
  });
  rerender({ jobId: second });
  await eventually(() => {
    expect(result.current).toMatchObject({ pages: "complete", segments: final });
  });
  rerender({ jobId: null });
  expect(result.current).toEqual({ status: "loading" });
  rerender({ jobId: first });
  await eventually(() => {
    expect(textsOf(result.current)).toHaveLength(250);
  });
  const kinds = (jobId: string | null) => {
    const texts = shown.filter(({ props }) => props.jobId === jobId).flatMap(shownTexts);
    return [...new Set(texts.map((text) => text.split(" ")[0]))];
  };
  expect([kinds(first), kinds(second), kinds(null)]).toEqual([["word"], ["second"], []]);
});

test("another person's job has nothing to read, exactly as one that is not there", async () => {
  const jobId = await createJob(newSubject());
  await postSegments(jobId, 0, 3);
  await postUpdate({ jobId, status: "completed", result: { text: "Secret." }, sequence: 9 });
  const stranger = newSubject();
  const nothing = { status: "success", segments: [], text: "", pages: "complete" };
  for (const asked of [jobId, "no-such-job"]) {
    const { result, shown } = renderTranscript(asked, { subject: stranger });
    await eventually(() => {
      expect(result.current).toEqual(nothing);
    });
    expect(shown.flatMap(shownTexts)).toEqual([]);
  }
});

test("signing out takes the transcript away, also where the token was refused", async () => {
  const subject = newSubject();
  const jobId = await createJob(subject);
  await postSegments(jobId, 0, 3);
  const { result, user, shown } = renderTranscript(jobId, { subject });
  await eventually(() => {
    expect(textsOf(result.current)).toHaveLength(3);
  });
  user.become(null);
  await eventually(() => {
    expect(result.current).toEqual({ status: "signed-out" });
  });
  user.become(newSubject());
  await eventually(() => {
    expect(result.current).toMatchObject({ status: "success", segments: [] });
  });
  const others = shown.filter(({ subject: who }) => who !== subject);
  expect(others.flatMap(shownTexts)).toEqual([]);
  expect(others.map(({ value }) => value.status)).not.toContain("error");

  const refused = new TestUser(newSubject(), () => Promise.resolve("not.a.token"));
  const page = renderTranscript(jobId, { subject: refused });
  await eventually(() => {
    expect(page.result.current).toEqual({ status: "signed-out" });
  });
});

test.each(["transcript", "get"])("where %s fails, the error is a value", async (name) => {
  const subject = newSubject();
  const jobId = await createJob(subject);
  const { Socket } = tapSockets((frame) =>
    frame.replaceAll(`transcriptionJobs:${name}"`, 'transcriptionJobs:missing"'),
  );
  const { result } = renderTranscript(jobId, { subject, Socket });
  await eventually(() => {
    expect(result.current).toMatchObject({ status: "error", error: { code: "convex_error" } });
  });
});
