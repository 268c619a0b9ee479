import { cuesOf, type Cue } from "./cues";
import { withoutTimeArrow } from "./text";
import { cueTime } from "./times";
import type { Transcript } from "./transcript";

// SubRip itself ends lines so: players on Windows and in television sets expect it, and those that
// do not mind take it too.
const LINE_END = "\r\n";

/**
 * A transcript as SubRip subtitles, in UTF-8 without a byte order mark, which some players take for
 * a part of the first number. The format has no way to escape anything; an arrow that looks like
 * that between times becomes `→`.
 */
export function toSrt(transcript: Transcript): string {
  return cuesOf(transcript, { labels: true }).map(writeCue).join("");
}

function writeCue({ start, end, lines }: Cue, index: number): string {
  const times = `${cueTime(start, ",")} --> ${cueTime(end, ",")}`;
  // A blank line after the last one as well: simple players show a cue when they meet it.
  return [`${index + 1}`, times, ...lines.map(withoutTimeArrow), "", ""].join(LINE_END);
}
