const graphemeSegmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const wordSegmenter = new Intl.Segmenter(undefined, { granularity: "word" });

// Latin, Greek, Cyrillic and East Asian characters that never join with one another: the segmenter
// need not be asked, which takes far longer than everything else.
const SEPARATE =
  /^[\u0020-\u007e\u00a0-\u00ac\u00ae-\u02ff\u0370-\u0482\u048a-\u052f\u2010-\u2027\u2030-\u205e\u20a0-\u20bf\u3000-\u3029\u3030-\u3098\u309b-\u30ff\u3400-\u9fff\uff01-\uff9d]*$/;
// Of what joins, accents and vowel signs can be told by themselves; emoji and single Korean letters
// cannot.
const JOINING = /[\u200d\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff\u{10000}-\u{10ffff}]/u;
const MARKS = /\p{Mark}/gu;
const ASCII = /^[ -~]*$/;
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** What people take for single characters: an accent, a flag or a family is not cut. */
export function graphemesOf(text: string): string[] {
  if (SEPARATE.test(text)) return text.split("");
  return Array.from(graphemeSegmenter.segment(text), ({ segment }) => segment);
}

/** Words and what stands between them, also where writing has no spaces. */
export function wordsOf(text: string): string[] {
  return Array.from(wordSegmenter.segment(text), ({ segment }) => segment);
}

/** Columns that a text takes on the screen: one a character, two for those of East Asia. */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  const characters = JOINING.test(text) ? graphemesOf(text) : text.replace(MARKS, "").split("");
  return characters.reduce((width, character) => width + (WIDE.test(character) ? 2 : 1), 0);
}
