import type { WriteStream } from "node:tty";
import { describe, expect, test } from "vitest";
import { displayFor, PlainDisplay, redraw } from "../src/demo/display";
import { view } from "./demoJobs";

describe("plain lines", () => {
  function plain() {
    const written: string[] = [];
    let now = 0;
    const display = new PlainDisplay(
      (line) => written.push(line),
      () => now,
    );
    const show = (at: number, jobs = [view()], notes: string[] = []): string[] => {
      now = at;
      display.show({ title: "t", jobs, notes: notes.map((text) => ({ text })) });
      return written.splice(0);
    };
    return show;
  }

  test("a line for each job that changed, none for one that did not", () => {
    const show = plain();
    const other = view({ jobId: "job-2", fileName: "b.mp3", stage: "decoding" });
    expect(show(100, [view({}, "hello"), other])).toEqual([
      "   0.1 s  job-1                   processing     50 %               “hello”",
      "   0.1 s  b.mp3                   decoding       50 %",
    ]);
    expect(show(200, [view({}, "hello"), other])).toEqual([]);
    const moved = view({ updatedAt: 3_000, progress: 60.9, estimatedTimeRemaining: 9 }, "bye");
    expect(show(1_260, [moved, other])).toEqual([
      "   1.3 s  job-1                   processing     60 %  9 s left     “bye”",
    ]);
  });

  test("no line for a sign of life that says nothing new", () => {
    const show = plain();
    show(100, [view({ message: "Waiting" })]);
    expect(show(200, [view({ message: "Waiting", updatedAt: 3_000 })])).toEqual([]);
    expect(show(300, [view({ message: "Still waiting", updatedAt: 4_000 })])).toHaveLength(1);
  });

  test("a note is written when it comes, and once", () => {
    const show = plain();
    expect(show(0, [], ["one", ""])).toEqual(["one", ""]);
    expect(show(0, [], ["one", "", "two"])).toEqual(["two"]);
    expect(show(0, [], ["one", "", "three"])).toEqual(["three"]);
  });
});

describe("a terminal", () => {
  /** As much of a terminal as `redraw` uses: rows of text and a cursor at the start of one. */
  function terminal(writes: string[]): string[] {
    const rows = [""];
    let at = 0;
    // eslint-disable-next-line no-control-regex -- what is read here are control sequences
    for (const part of writes.join("").match(/\u001b\[\??\d*[A-Za-z]|\n|\r|[^\u001b\n\r]+/g) ??
      []) {
      const up = /\[(\d+)A$/.exec(part)?.[1];
      if (up !== undefined) at -= Number(up);
      else if (part.endsWith("[H")) at = 0;
      else if (part.endsWith("[J")) rows.splice(at, Infinity, "");
      else if (part === "\n") rows[(at += 1)] ??= "";
      else if (part !== "\r" && !part.startsWith("\u001b")) rows[at] = part;
    }
    return rows;
  }

  test("a drawing replaces the one before, and leaves what stood above", () => {
    const writes = ["$ npm start\n", redraw(0, ["a", "b", "c"]), redraw(3, ["d", "e"])];
    expect(terminal(writes)).toEqual(["$ npm start", "d", "e", ""]);
    expect(terminal([...writes, redraw(2, ["f", "g", "h"])])).toEqual([
      "$ npm start",
      "f",
      "g",
      "h",
      "",
    ]);
  });

  test("after a resize the whole screen is drawn anew", () => {
    const writes = ["$ npm start\n", redraw(0, ["a", "b"]), redraw("screen", ["c"])];
    expect(terminal(writes)).toEqual(["c", ""]);
  });

  /** A stream that writes down what it is given. */
  function stream(fields: object) {
    const written: string[] = [];
    const target = {
      write: (text: string) => written.push(text),
      on: () => target,
      off: () => target,
      ...fields,
    };
    return { written, target: target as unknown as WriteStream };
  }

  test("bars on a terminal, with the cursor hidden and given back", () => {
    const { written, target } = stream({ isTTY: true, columns: 80, rows: 24 });
    const display = displayFor(target);
    display.show({ title: "Jobs", jobs: [view()], notes: [] });
    display.close();
    const text = written.join("");
    expect(text).toContain("━");
    expect(text.indexOf("\u001b[?25l")).toBe(0);
    expect(text.endsWith("\u001b[?25h")).toBe(true);
  });

  test("no bar and no control sequence elsewhere", () => {
    const { written, target } = stream({});
    const display = displayFor(target);
    display.show({ title: "Jobs", jobs: [view()], notes: [{ text: "note", look: "bold" }] });
    display.close();
    expect(written).toHaveLength(2);
    expect(written.join("")).not.toContain("━");
    expect(written.join("")).not.toContain("\u001b");
  });
});
