import type { WriteStream } from "node:tty";
import { paintFor } from "./paint";
import { plainLines } from "./plainLines";
import { renderScreen, rowsOf, type Screen, type Size } from "./render";
import type { JobView } from "./job";

/** Where the demo is shown. */
export interface Display {
  show(screen: Screen): void;
  /** Leaves what was shown last, and the terminal as it was found. */
  close(): void;
}

const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";
/** Between these a terminal that knows them shows nothing half-drawn; others ignore them. */
const BEGIN_UPDATE = "\u001b[?2026h";
const END_UPDATE = "\u001b[?2026l";

/** Progress bars on a terminal, plain lines anywhere else. */
export function displayFor(stream: WriteStream): Display {
  // Where output goes to a file or a pipe, `isTTY` is not there at all.
  const isTerminal = (stream as Partial<WriteStream>).isTTY === true;
  return isTerminal && process.env["TERM"] !== "dumb"
    ? new TerminalDisplay(stream)
    : new PlainDisplay((line) => stream.write(`${line}\n`));
}

/** What replaces a drawing of `rows` rows, or all that is on the screen, by `lines`. */
export function redraw(rows: number | "screen", lines: string[]): string {
  const up = rows === 0 ? "" : `\u001b[${rows}A`;
  const back = rows === "screen" ? "\u001b[H" : up;
  return `${BEGIN_UPDATE}${back}\r\u001b[J${lines.map((line) => `${line}\n`).join("")}${END_UPDATE}`;
}

/** Draws the screen in place, below what the terminal held before. */
class TerminalDisplay implements Display {
  readonly #stream: WriteStream;
  readonly #restore = (): void => void this.#stream.write(SHOW_CURSOR);
  readonly #resized = (): void => {
    // Terminals differ in how they wrap what stands there, so where it begins is not known.
    this.#draw("screen");
  };
  #screen: Screen | undefined;
  #drawnRows = 0;

  constructor(stream: WriteStream) {
    this.#stream = stream;
    stream.write(HIDE_CURSOR);
    stream.on("resize", this.#resized);
    // Also when the program dies of an error.
    process.once("exit", this.#restore);
  }

  show(screen: Screen): void {
    this.#screen = screen;
    this.#draw(this.#drawnRows);
  }

  close(): void {
    this.#stream.off("resize", this.#resized);
    process.off("exit", this.#restore);
    this.#restore();
  }

  #draw(over: number | "screen"): void {
    if (this.#screen === undefined) return;
    const size = sizeOf(this.#stream);
    const lines = renderScreen(this.#screen, size, paintFor(this.#stream));
    this.#stream.write(redraw(over, lines));
    this.#drawnRows = Math.min(rowsOf(lines, size.columns), size.rows - 1);
  }
}

/** Writes a line for each change, and each note once. */
export class PlainDisplay implements Display {
  readonly #write: (line: string) => void;
  readonly #startedAt: number;
  readonly #now: () => number;
  #jobs: JobView[] = [];
  #notes: string[] = [];

  constructor(write: (line: string) => void, now: () => number = Date.now) {
    this.#write = write;
    this.#now = now;
    this.#startedAt = now();
  }

  show({ jobs, notes }: Screen): void {
    for (const line of plainLines(this.#jobs, jobs, this.#now() - this.#startedAt)) {
      this.#write(line);
    }
    const known = new Set(this.#notes);
    const texts = notes.map(({ text }) => text);
    for (const text of texts) if (!known.has(text)) this.#write(text);
    this.#jobs = jobs;
    this.#notes = texts;
  }

  close(): void {
    // Nothing to put back.
  }
}

function sizeOf(stream: WriteStream): Size {
  // A terminal that does not tell its size reports 0.
  return { columns: stream.columns || 80, rows: stream.rows || 24 };
}
