/** What a reader takes for one character, also where it is made of several code points. */
const CHARACTERS = new Intl.Segmenter("en", { granularity: "grapheme" });
/** Characters that take two columns: East Asian wide forms and emoji. */
const WIDE =
  /[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uff00-\uff60\u{20000}-\u{3fffd}]/u;
const ANSI_STYLE = /\p{Cc}\[[\d;]*m/gu;

/** Columns that a text takes in a terminal, its colours left out. */
export function textWidth(text: string): number {
  return charactersOf(text.replace(ANSI_STYLE, "")).reduce(
    (sum, character) => sum + characterWidth(character),
    0,
  );
}

/**
 * A text of somebody else's on one line: without control characters, which could move the cursor
 * or paint the screen.
 */
export function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029\s]+/gu, " ")
    .trim()
    .normalize();
}

/** The beginning of a text in at most `width` columns, with `…` where it was cut. */
export function cutEnd(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  const kept = take(charactersOf(text), width - 1).join("");
  return width < 1 ? "" : `${kept.trimEnd()}…`;
}

/** The end of a text in at most `width` columns, with `…` where it was cut. */
export function cutStart(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  const kept = take(charactersOf(text).reverse(), width - 1)
    .reverse()
    .join("");
  return width < 1 ? "" : `…${kept.trimStart()}`;
}

/** A text in exactly `width` columns, cut or filled with spaces. */
export function fit(text: string, width: number, align: "left" | "right" = "left"): string {
  const cut = cutEnd(text, width);
  const space = " ".repeat(Math.max(0, width - textWidth(cut)));
  return align === "left" ? cut + space : space + cut;
}

/** Seconds for people: `42 s`, `3 min`, `2 h`. */
export function duration(seconds: number): string {
  if (seconds < 99.5) return `${Math.round(seconds)} s`;
  return seconds < 5970 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

/** A length of audio: `3:04`, `1:02:09`. */
export function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 60) % 60, whole % 60].map((part) => String(part));
  const [minutes = "", rest = ""] = parts;
  const hours = Math.floor(whole / 3600);
  return hours === 0
    ? `${minutes}:${rest.padStart(2, "0")}`
    : `${hours}:${minutes.padStart(2, "0")}:${rest.padStart(2, "0")}`;
}

function take(characters: string[], width: number): string[] {
  let left = width;
  const taken: string[] = [];
  for (const character of characters) {
    left -= characterWidth(character);
    if (left < 0) break;
    taken.push(character);
  }
  return taken;
}

function characterWidth(character: string): number {
  return WIDE.test(character) ? 2 : 1;
}

function charactersOf(text: string): string[] {
  return Array.from(CHARACTERS.segment(text), ({ segment }) => segment);
}
