/** UTF-16 code units of a file's name, of those that Convex takes. */
export const MAX_FILE_NAME_LENGTH = 255;
/** UTF-16 code units of the reason why a job failed, of those that Convex takes. */
export const MAX_ERROR_LENGTH = 4_000;

/**
 * A text that Convex can store: U+FFFD for NUL and each half of a surrogate pair, at most
 * `maxLength` UTF-16 code units, never cut within a pair.
 */
export function storableText(text: string, maxLength: number): string {
  const whole = text.toWellFormed().replaceAll("\0", "\uFFFD");
  if (whole.length <= maxLength) return whole;
  const last = whole.charCodeAt(maxLength - 1);
  const splitsPair = last >= 0xd800 && last < 0xdc00;
  return whole.slice(0, splitsPair ? maxLength - 1 : maxLength);
}
