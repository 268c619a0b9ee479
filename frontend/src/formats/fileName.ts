import { graphemesOf } from "./graphemes";
import { cleanText } from "./text";

/** Bytes in UTF-8 of a name without its extension: file systems take 255, browsers add ` (1)`. */
const MAX_NAME_BYTES = 200;
const NAMELESS = "transcript";

// At least one letter: `Meeting 1.2` has no extension.
const EXTENSION = /\.(?=[a-z0-9]*[a-z])[a-z0-9]{1,5}$/i;
const UNSAFE = /[<>:"/\\|?*\ufffd]/g;
// They make a name look as if it ended otherwise.
const INVISIBLE = /[\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g;
const EDGES = /^[. ]+|[. ]+$/g;
// On Windows they are devices, whatever comes after the first dot.
const RESERVED = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(\.|$)/i;

/**
 * A name for a transcript's file that every system takes: that of the recording, with another
 * extension (`interview.final.mp3` becomes `interview.final.srt`).
 */
export function withExtension(fileName: string | undefined, extension: string): string {
  const name =
    cleanText(fileName ?? "")
      .split(/[/\\]/)
      .at(-1) ?? "";
  const safe = name.replace(EXTENSION, "").replace(INVISIBLE, "").replace(UNSAFE, "_");
  const short = cut(safe.replace(EDGES, "")).replace(EDGES, "");
  const base = short === "" ? NAMELESS : RESERVED.test(short) ? `_${short}` : short;
  return `${base}.${extension}`;
}

function cut(name: string): string {
  const encoder = new TextEncoder();
  if (encoder.encode(name).length <= MAX_NAME_BYTES) return name;
  let bytes = 0;
  let kept = "";
  for (const grapheme of graphemesOf(name)) {
    bytes += encoder.encode(grapheme).length;
    if (bytes > MAX_NAME_BYTES) break;
    kept += grapheme;
  }
  return kept;
}
