import type { Segment } from "../transcription/types";
import { atomsOf, type Atom } from "./atoms";
import { fold } from "./lines";
import { splitPiece, type Piece } from "./pieces";
import { cleanText } from "./text";
import { timedAtomsOf } from "./timedAtoms";
import { toMilliseconds } from "./times";
import { inOrder, type Transcript } from "./transcript";

/** One subtitle. Times in milliseconds. */
export interface Cue {
  start: number;
  /** Always after `start`, and never after the next cue's `start`. */
  end: number;
  /** Empty where nobody is known. */
  speaker: string;
  /** Without line breaks; none is empty. */
  lines: string[];
}

/** How cues are made. */
export interface CueOptions {
  /** Whether a segment's first cue begins with `Speaker: `, for formats that have no other place. */
  labels: boolean;
}

interface SpokenPiece extends Piece {
  speaker: string;
}

/** Milliseconds that a cue without a length gets, where the next one leaves them. */
const MIN_CUE_MS = 500;

/**
 * A transcript's subtitles, in order, one at a time. A text without segments becomes one subtitle
 * as long as the recording, so that it is not lost.
 */
export function cuesOf({ segments, text, duration }: Transcript, options: CueOptions): Cue[] {
  const spoken = segments.length > 0 ? segments : [{ start: 0, end: duration ?? 0, text }];
  const pieces = inOrder(spoken).flatMap((segment) => piecesOf(segment, options));
  // Two people who speak at the same time: their pieces take turns.
  return oneAtATime(pieces.sort((one, other) => one.start - other.start));
}

function piecesOf(segment: Segment, { labels }: CueOptions): SpokenPiece[] {
  const text = cleanText(segment.text);
  if (text === "") return [];
  const speaker = cleanText(segment.speaker ?? "");
  const atoms = timedAtomsOf(text, segment);
  const piece = {
    start: toMilliseconds(segment.start),
    end: toMilliseconds(segment.end),
    atoms: labels && speaker !== "" ? withLabel(speaker, atoms) : atoms,
  };
  return splitPiece(piece).map((part) => ({ ...part, speaker }));
}

function withLabel(speaker: string, [first, ...rest]: Atom[]): Atom[] {
  const label = atomsOf(`${speaker}:`);
  // No start: a cue that begins here would leave the label alone in the one before.
  return first === undefined ? label : [...label, { ...first, glue: " ", start: null }, ...rest];
}

function oneAtATime(pieces: readonly SpokenPiece[]): Cue[] {
  const cues: Cue[] = [];
  let free = 0;
  let next = 0;
  let furthest = 0;
  for (const [index, { start: own, end: wanted, speaker, atoms }] of pieces.entries()) {
    const start = Math.max(own, free);
    // Those that want to begin now, or earlier, share the time until the next one begins.
    for (; next < pieces.length; next += 1) {
      const other = pieces[next];
      if (other === undefined || other.start > start) break;
      furthest = Math.max(furthest, other.end);
    }
    const until = Math.min(pieces[next]?.start ?? Infinity, Math.max(furthest, start + MIN_CUE_MS));
    const share = Math.max(1, Math.floor((until - start) / (next - index)));
    const end = Math.min(wanted > start ? wanted : start + MIN_CUE_MS, start + share);
    cues.push({ start, end, speaker, lines: fold(atoms) });
    free = end;
  }
  return cues;
}
