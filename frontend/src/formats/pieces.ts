import type { Atom } from "./atoms";
import { fits, LINE_WIDTH, lineWidth, MAX_LINES } from "./lines";
import { CLAUSE_END, SENTENCE_END } from "./text";

/** What becomes a cue. Times in milliseconds. */
export interface Piece {
  start: number;
  end: number;
  atoms: Atom[];
}

/** Milliseconds that one subtitle should stand at most. */
const MAX_CUE_MS = 7_000;
/** Milliseconds of silence after which a new subtitle is welcome. */
const PAUSE_MS = 700;

// How far from the ideal place, as a part of the whole, a better border may be.
const SENTENCE_BONUS = 0.25;
const CLAUSE_BONUS = 0.1;
const PAUSE_BONUS = 0.2;

/**
 * Pieces that fit a subtitle, of about the same size; the borders are where a word with a known
 * time begins, so that without word times the piece stays whole.
 */
export function splitPiece(piece: Piece): Piece[] {
  const { atoms, start, end } = piece;
  const count = Math.max(
    Math.ceil((end - start) / MAX_CUE_MS),
    Math.ceil(lineWidth(atoms) / (MAX_LINES * LINE_WIDTH)),
    fits(atoms) ? 1 : 2,
  );
  const border = count === 1 ? null : bestBorder(atoms, Math.floor(count / 2) / count);
  if (border === null) return [piece];
  const left = atoms.slice(0, border.index);
  const lastEnd = left.reduce((latest, atom) => Math.max(latest, atom.end ?? 0), 0);
  const leftEnd = lastEnd > start ? Math.min(lastEnd, border.time) : border.time;
  return [
    ...splitPiece({ start, end: leftEnd, atoms: left }),
    ...splitPiece({ start: border.time, end, atoms: atoms.slice(border.index) }),
  ];
}

function bestBorder(atoms: readonly Atom[], ideal: number): { index: number; time: number } | null {
  const whole = lineWidth(atoms);
  let best: { index: number; time: number; cost: number } | null = null;
  let before: Atom | undefined;
  let width = 0;
  for (const [index, atom] of atoms.entries()) {
    if (before !== undefined && atom.start !== null) {
      const cost = Math.abs(width / whole - ideal) - bonus(before, atom.start);
      if (best === null || cost < best.cost) best = { index, time: atom.start, cost };
    }
    width += atom.width + (index === 0 ? 0 : atom.glue.length);
    before = atom;
  }
  return best;
}

function bonus(before: Atom, start: number): number {
  const pause = before.end !== null && start - before.end >= PAUSE_MS ? PAUSE_BONUS : 0;
  if (SENTENCE_END.test(before.text)) return pause + SENTENCE_BONUS;
  return pause + (CLAUSE_END.test(before.text) ? CLAUSE_BONUS : 0);
}
