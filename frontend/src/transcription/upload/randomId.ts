/** A random UUID; `crypto.randomUUID` is missing on pages that come over plain HTTP. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = Array.from(bytes, (byte, index) => {
    const fixed = index === 6 ? (byte & 0x0f) | 0x40 : index === 8 ? (byte & 0x3f) | 0x80 : byte;
    return fixed.toString(16).padStart(2, "0");
  }).join("");
  const cuts = [0, 8, 12, 16, 20];
  return cuts.map((cut, index) => hex.slice(cut, cuts[index + 1])).join("-");
}
