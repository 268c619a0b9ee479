import type { Segment } from "../transcription/types";
import { cleanText, glueBetween } from "./text";
import { readableTime } from "./times";
import { inOrder, type Transcript } from "./transcript";

/** How a text is written. */
export interface TextOptions {
  /** Whether paragraphs begin with their time, as `[0:01:02]`; they do not by default. */
  times?: boolean;
}

/** Seconds of silence that end a paragraph. */
const PARAGRAPH_PAUSE = 2;

interface Paragraph {
  start: number;
  /** Of the segment that ends last. */
  end: number;
  speaker: string;
  /** Whether somebody else spoke before. */
  isNewSpeaker: boolean;
  texts: string[];
}

/**
 * A transcript to read: a paragraph for each change of speaker, and after each long pause. Where
 * there are no segments, the text as it is.
 */
export function toText(transcript: Transcript, { times = false }: TextOptions = {}): string {
  const paragraphs = paragraphsOf(inOrder(transcript.segments));
  if (paragraphs.length === 0) return `${transcript.text.replace(/\r\n?/g, "\n").trim()}\n`;
  return paragraphs.map((paragraph) => `${write(paragraph, times)}\n`).join("\n");
}

function write({ start, speaker, isNewSpeaker, texts }: Paragraph, times: boolean): string {
  const time = times ? `[${readableTime(start)}] ` : "";
  const label = isNewSpeaker && speaker !== "" ? `${speaker}: ` : "";
  return `${time}${label}${texts.join("")}`;
}

function paragraphsOf(segments: readonly Segment[]): Paragraph[] {
  const paragraphs: Paragraph[] = [];
  for (const { start, end, ...segment } of segments) {
    const text = cleanText(segment.text);
    if (text === "") continue;
    const speaker = cleanText(segment.speaker ?? "");
    const last = paragraphs.at(-1);
    const isNewSpeaker = last?.speaker !== speaker;
    if (last === undefined || isNewSpeaker || start - last.end > PARAGRAPH_PAUSE) {
      paragraphs.push({ start, end, speaker, isNewSpeaker, texts: [text] });
    } else {
      last.texts.push(glueBetween(last.texts.at(-1) ?? "", text), text);
      last.end = Math.max(last.end, end);
    }
  }
  return paragraphs;
}
