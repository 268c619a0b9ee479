/** A cue as a player reads it. Times in milliseconds, lines without markup. */
export interface ParsedCue {
  start: number;
  end: number;
  speaker: string;
  lines: string[];
}

/**
 * SubRip as strict players read it.
 * @throws Error where the text is not exactly in the format
 */
export function parseSrt(file: string): ParsedCue[] {
  if (file === "") return [];
  if (/(^|[^\r])\n|\r(?!\n)/.test(file)) throw new Error("A line does not end with CRLF");
  if (!file.endsWith("\r\n\r\n")) throw new Error("No blank line at the end");
  const blocks = file.slice(0, -4).split("\r\n\r\n");
  return blocks.map((block, index) => {
    const [number, times = "", ...lines] = block.split("\r\n");
    if (number !== String(index + 1)) throw new Error(`Not number ${index + 1}: ${block}`);
    return { ...parseTimes(times, ","), speaker: "", lines: checked(lines) };
  });
}

/**
 * WebVTT by the syntax of its specification, as far as transcripts use it.
 * @throws Error where the text is not in the format
 */
export function parseVtt(file: string): ParsedCue[] {
  if (file.includes("\r") || file.includes("\0"))
    throw new Error("A character that is not allowed");
  const [header, ...blocks] = file.replace(/\n$/, "").split("\n\n");
  if (header !== "WEBVTT") throw new Error("No header");
  return blocks.flatMap((block) => {
    const [first = "", ...rest] = block.split("\n");
    if (first === "NOTE") {
      checked(rest);
      return [];
    }
    const times = parseTimes(first, ".");
    const [, speaker = "", text = ""] = /^(?:<v ([^\n>]+)>)?(.*)$/s.exec(rest.join("\n")) ?? [];
    if (/[<>]|&(?!amp;|lt;|gt;)/.test(text)) throw new Error(`Not escaped: ${text}`);
    return [
      { ...times, speaker: unescape(speaker), lines: checked(text.split("\n")).map(unescape) },
    ];
  });
}

function checked(lines: string[]): string[] {
  for (const line of lines) {
    if (line.trim() === "" || line.includes("-->")) throw new Error(`A bad line: ${line}`);
  }
  if (lines.length === 0) throw new Error("No lines");
  return lines;
}

function parseTimes(line: string, sign: "," | "."): { start: number; end: number } {
  const [start = "", end = "", ...more] = line.split(" --> ");
  if (more.length > 0) throw new Error(`Not two times: ${line}`);
  return { start: parseTime(start, sign), end: parseTime(end, sign) };
}

function parseTime(time: string, sign: "," | "."): number {
  const parts = /^(\d{2,}):([0-5]\d):([0-5]\d)([,.])(\d{3})$/.exec(time);
  if (parts?.[4] !== sign) throw new Error(`Not a time: ${time}`);
  const [hours = 0, minutes = 0, seconds = 0] = parts.slice(1, 4).map(Number);
  return ((hours * 60 + minutes) * 60 + seconds) * 1_000 + Number(parts[5]);
}

function unescape(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
