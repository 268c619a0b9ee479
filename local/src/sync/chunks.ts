import type { IncomingMessage } from "node:http";
import { MAX_FRAME_BYTES } from "../limits";

/** The first version of the npm client that puts a Transition together again. */
const FIRST_VERSION = [1, 28, 0] as const;

/** Whether the client of a WebSocket takes TransitionChunks: its version is in the path. */
export function takesChunks({ url = "", headers }: IncomingMessage): boolean {
  const inPath = /^\/api\/([^/?]+)\/sync(?:\?|$)/.exec(url)?.[1];
  const inHeader = /^npm-(.+)$/.exec(String(headers["convex-client"] ?? ""))?.[1];
  return isAtLeast(inPath ?? inHeader ?? "");
}

/** The Transition as it goes to such a client: whole, or in pieces where it is large. */
export function inChunks(transition: string): string[] {
  // No text has more bytes than three for each of its units.
  if (transition.length * 3 <= MAX_FRAME_BYTES) return [transition];
  const bytes = Buffer.from(transition);
  if (bytes.length <= MAX_FRAME_BYTES) return [transition];
  const chunks: string[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = startOfCharacter(bytes, start + MAX_FRAME_BYTES);
    chunks.push(bytes.toString("utf8", start, end));
    start = end;
  }
  return chunks.map((chunk, partNumber) =>
    JSON.stringify({
      type: "TransitionChunk",
      chunk,
      partNumber,
      totalParts: chunks.length,
      transitionId: String(bytes.length),
    }),
  );
}

function startOfCharacter(bytes: Buffer, index: number): number {
  let start = Math.min(index, bytes.length);
  while (((bytes[start] ?? 0) & 0b1100_0000) === 0b1000_0000) start -= 1;
  return start;
}

function isAtLeast(version: string): boolean {
  const match = /^(\d+)\.(\d+)\.(\d+)(-)?/.exec(version);
  if (match === null) return false;
  for (const [index, first] of FIRST_VERSION.entries()) {
    const part = Number(match[index + 1]);
    if (part !== first) return part > first;
  }
  // What comes before a version (`1.28.0-alpha.1`) is older than it.
  return match[4] === undefined;
}
