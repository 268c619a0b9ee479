import { graphemesOf, widthOf, wordsOf } from "./graphemes";
import { HAS_CJK, HAS_PHRASES } from "./text";

/** A piece of text that stays on one line, with what is known of when it is spoken. */
export interface Atom {
  text: string;
  /** Where it begins in the whole text, in UTF-16 code units. */
  at: number;
  /** Columns. */
  width: number;
  /** What stands before it unless it begins a line. */
  glue: "" | " ";
  /**
   * When its first word begins, in milliseconds; `null` where none is known to, so that no cue may
   * begin here.
   */
  start: number | null;
  /** When its last word ends, in milliseconds. */
  end: number | null;
}

// What may not begin a line, and what may not end one, in Chinese and Japanese.
const NEVER_FIRST =
  /^[\u3000、。，．・：；？！」』）】〉》〕｝…‥ーゝゞ々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ,.:;?!)\]}”’%]/u;
const NEVER_LAST = /[「『（【〈《〔｛“‘([{]$/u;

/** A clean text's atoms, still without times: words, single characters in writing that has no spaces. */
export function atomsOf(text: string): Atom[] {
  const atoms: Atom[] = [];
  let at = 0;
  for (const token of text.split(" ")) {
    let glue: "" | " " = at === 0 ? "" : " ";
    for (const piece of piecesOf(token)) {
      atoms.push({ text: piece, at, width: widthOf(piece), glue, start: null, end: null });
      at += piece.length;
      glue = "";
    }
    at += 1;
  }
  return atoms;
}

function piecesOf(token: string): string[] {
  if (HAS_PHRASES.test(token)) return joined(wordsOf(token));
  return HAS_CJK.test(token) ? joined(graphemesOf(token)) : [token];
}

function joined(parts: string[]): string[] {
  const pieces: string[] = [];
  let piece = "";
  let last = "";
  for (const part of parts) {
    if (piece !== "" && mayBreakBetween(last, part)) {
      pieces.push(piece);
      piece = "";
    }
    piece += part;
    last = part;
  }
  return [...pieces, piece];
}

function mayBreakBetween(before: string, after: string): boolean {
  const isUnspaced = [before, after].some((part) => HAS_CJK.test(part) || HAS_PHRASES.test(part));
  return isUnspaced && !NEVER_FIRST.test(after) && !NEVER_LAST.test(before);
}
