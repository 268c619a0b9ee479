import type { Segment } from "../transcription/types";
import { atomsOf, type Atom } from "./atoms";
import { cleanText } from "./text";
import { toMilliseconds } from "./times";

// Code units of text that may stand before a word that was found: enough for punctuation and a
// word or two that have no times, too few to jump to another place that holds the same word.
const MAX_SKIPPED = 24;

/**
 * A clean text's atoms with the times of the segment's words. The text stays the segment's own,
 * since words often lack its punctuation; words that are not in the text are passed over.
 */
export function timedAtomsOf(text: string, segment: Segment): Atom[] {
  const atoms = atomsOf(text);
  const earliest = toMilliseconds(segment.start);
  const latest = Math.max(earliest, toMilliseconds(segment.end));
  let reached = earliest;
  let from = 0;
  let index = 0;
  for (const { word, start, end } of segment.words ?? []) {
    const spoken = cleanText(word);
    // An empty word would be found anywhere.
    const at =
      spoken === "" ? -1 : text.slice(from, from + MAX_SKIPPED + spoken.length).indexOf(spoken);
    if (at === -1) continue;
    const begins = from + at;
    from = begins + spoken.length;
    while ((atoms[index + 1]?.at ?? Infinity) <= begins) index += 1;
    const atom = atoms[index];
    if (atom === undefined) break;
    reached = Math.min(latest, Math.max(reached, toMilliseconds(start)));
    atom.start ??= reached;
    atom.end = Math.min(latest, Math.max(reached, toMilliseconds(end)));
  }
  return atoms;
}
