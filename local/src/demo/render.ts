import { detailOf, markOf, percentOf, stateOf, timeOf } from "./describe";
import { jobName, type JobView } from "./job";
import type { Look, Paint } from "./paint";
import { cutEnd, cutStart, fit, oneLine, textWidth } from "./text";

/** A line for the reader. It may be longer than the terminal is wide, and can be copied whole. */
export interface Note {
  text: string;
  look?: Look;
}

/** What the terminal shows. */
export interface Screen {
  title: string;
  jobs: JobView[];
  notes: Note[];
}

/** A terminal's size in characters. */
export interface Size {
  columns: number;
  rows: number;
}

/** Columns of the parts of a job's line; 0: there is no room for it. */
interface Columns {
  name: number;
  state: number;
  bar: number;
  time: number;
}

const MARGIN = 2;
const GAP = 2;
const MARK = 2;
const PERCENT = 5;
const LONGEST = { name: 30, state: 14, bar: 40 };
const SHORTEST_BAR = 8;

/**
 * The screen as lines of text. With less room the words below the bars go first, then the jobs
 * that came first; the notes stay.
 */
export function renderScreen({ title, jobs, notes }: Screen, size: Size, paint: Paint): string[] {
  const columns = columnsFor(jobs, size.columns);
  const head = ["", `${" ".repeat(MARGIN)}${paint("bold", cutEnd(title, size.columns - MARGIN))}`];
  const foot = notes.map(({ text, look }) => (look === undefined ? text : paint(look, text)));
  const room = size.rows - 1 - rowsOf([...head, "", "", ...foot], size.columns);
  const spaced = jobs.flatMap((view, index) => [
    ...(index === 0 ? [] : [""]),
    jobLine(view, columns, paint),
    detailLine(view, size.columns, paint),
  ]);
  const dense = jobs.flatMap((view) => [
    jobLine(view, columns, paint),
    detailLine(view, size.columns, paint),
  ]);
  const bare = jobs.map((view) => jobLine(view, columns, paint));
  const body =
    [spaced, dense, bare].find((lines) => lines.length <= room) ??
    bare.slice(bare.length - Math.max(0, room));
  return [...head, "", ...body, "", ...foot];
}

/** Rows that lines take in a terminal that wraps them. */
export function rowsOf(lines: string[], columns: number): number {
  return lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(textWidth(line) / columns)), 0);
}

/** A progress bar of exactly `width` columns, half a column fine. */
export function bar(progress: number, width: number): { done: string; rest: string } {
  const halves = Math.floor((Math.min(100, Math.max(0, progress)) / 100) * width * 2);
  const done = "━".repeat(Math.floor(halves / 2)) + (halves % 2 === 1 ? "╸" : "");
  return { done, rest: "─".repeat(width - done.length) };
}

function jobLine(view: JobView, columns: Columns, paint: Paint): string {
  const { job } = view;
  const { mark, look } = markOf(job);
  const { done, rest } = bar(job.progress, columns.bar);
  const parts = [
    `${paint(look, mark)} ${fit(oneLine(jobName(job)), columns.name)}`,
    paint(look, fit(stateOf(job), columns.state)),
    ...(columns.bar === 0 ? [] : [paint(look, done) + paint("dim", rest)]),
    fit(percentOf(job), PERCENT, "right"),
    ...(columns.time === 0 ? [] : [paint("dim", fit(timeOf(job), columns.time))]),
  ];
  return " ".repeat(MARGIN) + parts.join(" ".repeat(GAP)).trimEnd();
}

function detailLine(view: JobView, width: number, paint: Paint): string {
  const indent = MARGIN + MARK;
  const room = width - indent;
  const { kind, text } = detailOf(view);
  if (text === "") return "";
  const shown = kind === "words" ? `“${cutStart(text, room - 2)}”` : cutEnd(text, room);
  return " ".repeat(indent) + paint(view.job.status === "failed" ? "red" : "dim", shown);
}

function columnsFor(jobs: JobView[], width: number): Columns {
  const widest = (texts: string[]): number => Math.max(0, ...texts.map(textWidth));
  const third = Math.floor(width / 3);
  const columns: Columns = {
    name: Math.min(LONGEST.name, third, widest(jobs.map(({ job }) => oneLine(jobName(job))))),
    // No narrower than a usual stage, so that the bars stay where they are.
    state: Math.min(LONGEST.state, Math.max(12, widest(jobs.map(({ job }) => stateOf(job))))),
    bar: 0,
    time: 11,
  };
  const barRoom = (): number =>
    width - MARGIN - MARK - columns.name - columns.state - PERCENT - columns.time - 4 * GAP - 1;
  if (barRoom() < SHORTEST_BAR) columns.time = 0;
  const stateRoom = width - MARGIN - MARK - columns.name - PERCENT - 2 * GAP;
  columns.state = Math.min(columns.state, Math.max(0, stateRoom));
  if (barRoom() >= SHORTEST_BAR) columns.bar = Math.min(LONGEST.bar, barRoom());
  return columns;
}
