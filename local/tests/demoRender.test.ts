import { describe, expect, test } from "vitest";
import { detailOf, stateOf, timeOf } from "../src/demo/describe";
import { plainPaint } from "../src/demo/paint";
import { bar, renderScreen, rowsOf, type Screen } from "../src/demo/render";
import { clock, cutEnd, cutStart, duration, fit, oneLine, textWidth } from "../src/demo/text";
import { row, view } from "./demoJobs";

describe("text", () => {
  test.each([
    ["año", 3],
    ["an\u0303o", 3],
    ["日本", 4],
    ["🎧", 2],
    ["👩‍💻", 2],
    ["\u001b[31mred\u001b[39m", 3],
  ])("%j takes %i columns", (text, width) => {
    expect(textWidth(text)).toBe(width);
  });

  test("cut at the end, at the start, and never in the middle of a wide character", () => {
    expect(cutEnd("one two three", 8)).toBe("one two…");
    expect(cutStart("one two three", 8)).toBe("…o three");
    expect(cutEnd("日本語", 4)).toBe("日…");
    expect(cutEnd("short", 5)).toBe("short");
    expect([cutEnd("abc", 0), cutStart("abc", 0)]).toEqual(["", ""]);
  });

  test("fitted to a width, on either side", () => {
    expect(fit("ab", 4)).toBe("ab  ");
    expect(fit("ab", 4, "right")).toBe("  ab");
    expect(fit("日本", 5)).toBe("日本 ");
  });

  test("what could steer the terminal is taken out", () => {
    expect(oneLine("\u001b[2Ja\r\nb\tc\u202e\u0007")).toBe("[2Ja b c");
  });

  test.each([
    [0.4, "0 s"],
    [99.4, "99 s"],
    [99.6, "2 min"],
    [7_200, "2 h"],
  ])("%d seconds are %s", (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });

  test.each([
    [9, "0:09"],
    [184.2, "3:04"],
    [3_729, "1:02:09"],
  ])("%d seconds of audio are %s", (seconds, text) => {
    expect(clock(seconds)).toBe(text);
  });
});

describe("a job in words", () => {
  test.each([
    [view({ stage: "decoding", message: "Reading" }), "decoding", "Reading"],
    [view({ status: "pending", progress: 0 }), "pending", "no worker has reported on it yet"],
    [view({ message: "1:00 of 2:00" }, "the last words"), "processing", "the last words"],
    [view({ stalledAt: 5 }, "the last words"), "processing", "no news from the worker"],
    [view({ status: "failed", error: "bad\nfile", stage: "x" }, "words"), "failed", "bad file"],
    [
      view({ status: "cancelled", endedBy: "user", segmentCount: 1 }, "words"),
      "cancelled",
      "cancelled by its user; 1 segment kept",
    ],
    [
      view({
        status: "completed",
        segmentCount: 2,
        result: { duration: 61, language: "en", textLength: 9 },
      }),
      "completed",
      "1:01 of speech, en, 2 segments, 9 characters",
    ],
  ])("%#", (job, state, detail) => {
    expect(stateOf(job.job)).toBe(state);
    expect(detailOf(job).text).toBe(detail);
  });

  test("the time that is left, and the time it took", () => {
    expect(timeOf(row({ estimatedTimeRemaining: 12.4 }))).toBe("12 s left");
    expect(timeOf(row({ estimatedTimeRemaining: 0.2 }))).toBe("1 s left");
    expect(timeOf(row({ startedAt: 1_000, completedAt: 22_000 }))).toBe("took 21 s");
    expect(timeOf(row())).toBe("");
  });
});

describe("the bar", () => {
  test.each([
    [0, "", "──────────"],
    [4, "", "──────────"],
    [5, "╸", "─────────"],
    [50, "━━━━━", "─────"],
    [99.9, "━━━━━━━━━╸", ""],
    [100, "━━━━━━━━━━", ""],
    [140, "━━━━━━━━━━", ""],
  ])("%d percent", (progress, done, rest) => {
    expect(bar(progress, 10)).toEqual({ done, rest });
  });
});

describe("the screen", () => {
  const screen: Screen = {
    title: "Transcription jobs",
    jobs: [
      view({ jobId: "1", fileName: "team-meeting.m4a", stage: "transcribing", progress: 8 }, "abc"),
      view({ jobId: "2", fileName: "entrevista de la semana pasada en la radio nacional.mp3" }),
      view({ jobId: "3", fileName: "日本語の会議.wav", status: "failed", error: "x".repeat(300) }),
    ],
    notes: [{ text: `curl ${"y".repeat(150)}` }],
  };
  const lines = (columns: number, rows = 40): string[] =>
    renderScreen(screen, { columns, rows }, plainPaint);
  const withPercent = (found: string[]): string[] => found.filter((line) => / \d+ %/.test(line));

  test("at 90 columns", () => {
    expect(lines(90)).toMatchInlineSnapshot(`
      [
        "",
        "  Transcription jobs",
        "",
        "  ● team-meeting.m4a                transcribing  ━╸─────────────────    8 %",
        "    “abc”",
        "",
        "  ● entrevista de la semana pasad…  processing    ━━━━━━━━━╸─────────   50 %",
        "",
        "",
        "  ✖ 日本語の会議.wav                failed        ━━━━━━━━━╸─────────   50 %",
        "    xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…",
        "",
        "curl yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy",
      ]
    `);
  });

  test.each([200, 120, 80, 60, 40, 24])(
    "no line but a note is wider than %i columns",
    (columns) => {
      const [note, ...rest] = lines(columns).reverse();
      expect(note).toBe(screen.notes[0]?.text);
      expect(rest.filter((line) => textWidth(line) > columns)).toEqual([]);
    },
  );

  test.each([120, 80, 60, 40])("the percents stand below one another at %i columns", (columns) => {
    const found = withPercent(lines(columns));
    expect(found).toHaveLength(3);
    expect(
      new Set(found.map((line) => textWidth(line.slice(0, line.indexOf(" %"))))),
    ).toHaveProperty("size", 1);
  });

  test("bars where there is room, none where there is not", () => {
    expect(lines(80).join("")).toContain("─");
    expect(lines(40).join("")).not.toContain("─");
  });

  test.each([
    [40, 3, true],
    [13, 3, true],
    [12, 3, false],
    [10, 3, false],
    [9, 2, false],
    [5, 0, false],
  ])("in %i rows: %i jobs, their words: %s, the notes always", (rows, jobs, words) => {
    const found = lines(80, rows);
    expect(withPercent(found)).toHaveLength(jobs);
    expect(found.some((line) => line.includes("“abc”"))).toBe(words);
    expect(found.at(-1)).toBe(screen.notes[0]?.text);
    if (jobs > 0) expect(rowsOf(found, 80)).toBeLessThan(rows);
  });

  test("the job that came last is kept longest", () => {
    expect(withPercent(lines(80, 8)).join()).toContain("日本語");
  });

  test("colours change nothing but the colour", () => {
    const painted = renderScreen(screen, { columns: 90, rows: 40 }, (look, text) =>
      look === "bold" ? `\u001b[1m${text}\u001b[22m` : `\u001b[31m${text}\u001b[39m`,
    );
    expect(painted.map((line) => line.replaceAll(/\p{Cc}\[\d+m/gu, "").trimEnd())).toEqual(
      lines(90).map((line) => line.trimEnd()),
    );
  });

  test("rows of wrapped lines", () => {
    expect(rowsOf(["", "x".repeat(80), "x".repeat(81), "日".repeat(41)], 80)).toBe(1 + 1 + 2 + 2);
  });
});
