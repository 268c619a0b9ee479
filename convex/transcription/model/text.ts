/** Bytes that a string takes in UTF-8. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    // Each half of a surrogate pair counts two of the pair's four bytes.
    bytes += unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 1 : 2;
  }
  return bytes;
}

/** Cuts a text into pieces of at most `maxBytes` in UTF-8, never within a surrogate pair. */
export function cutText(text: string, maxBytes: number): string[] {
  const slices: string[] = [];
  let start = 0;
  let bytes = 0;
  for (let index = 0; index < text.length; index++) {
    const codePoint = text.codePointAt(index) ?? 0;
    const size = codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
    if (bytes + size > maxBytes) {
      slices.push(text.slice(start, index));
      start = index;
      bytes = 0;
    }
    bytes += size;
    if (size === 4) index++;
  }
  if (start < text.length) slices.push(text.slice(start));
  return slices;
}

// With the flag u a surrogate matches only where the other half is missing.
const UNSTORABLE = /[\0\ud800-\udfff]/u;

/** Whether Convex can store the string and another language can read it. */
export function isStorable(text: string): boolean {
  return !UNSTORABLE.test(text);
}
