// A tab and the line breaks are not among them: they separate words.
// eslint-disable-next-line no-control-regex -- control characters are what it finds
const CONTROLS = /[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f]/g;
// Not every space: one that may not break (as in French) and an ideographic one stay as they are.
const BREAKS = /[ \t-\r\u0085\u2028\u2029]+/g;

const CJK_LETTERS = String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}`;
// With their punctuation, and full-width forms.
const CJK = String.raw`${CJK_LETTERS}\u3000-\u303f\u30fb\u30fc\uff01-\uff9f`;
const ENDS_IN_CJK = new RegExp(`[${CJK}]$`, "u");
const BEGINS_WITH_CJK = new RegExp(`^[${CJK}]`, "u");

/** Whether there is writing that puts no spaces between words: Chinese, Japanese. */
export const HAS_CJK = new RegExp(`[${CJK}]`, "u");
/** Whether there is writing that puts spaces between phrases only. */
export const HAS_PHRASES =
  /[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}]/u;

/** The end of a sentence. */
export const SENTENCE_END = /[.!?…。！？؟۔।]["'”’»)\]」』]*$/u;
/** The end of a part of one. */
export const CLAUSE_END = /[,;:–—،؛、，；：]["'”’»)\]」』]*$/u;

/** One line of text: words with single spaces between them, without control characters. */
export function cleanText(text: string): string {
  return text.toWellFormed().replace(CONTROLS, "").replace(BREAKS, " ").trim();
}

/** An arrow in place of `-->`, which would look like a cue's times. */
export function withoutTimeArrow(text: string): string {
  return text.replaceAll("-->", "→");
}

/** What stands between two texts that follow each other. */
export function glueBetween(before: string, after: string): "" | " " {
  // One character is at most two code units; a pattern would begin to look at the very start.
  return ENDS_IN_CJK.test(before.slice(-2)) && BEGINS_WITH_CJK.test(after) ? "" : " ";
}
