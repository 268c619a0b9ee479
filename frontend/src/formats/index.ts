import { withExtension } from "./fileName";
import { toJson } from "./toJson";
import { toSrt } from "./toSrt";
import { toText } from "./toText";
import { toVtt } from "./toVtt";
import type { Transcript } from "./transcript";

export { toJson, toSrt, toText, toVtt };
export type { TextOptions } from "./toText";
export type { Transcript };

/** A way to write a transcript. */
export interface Format {
  /** For people, the same in every language. */
  label: string;
  /** Without a dot. */
  extension: string;
  mimeType: string;
  write: (transcript: Transcript) => string;
}

/** What a transcript can be downloaded as. */
export type FormatName = "txt" | "srt" | "vtt" | "json";

/** Every format, in the order in which they are offered. */
export const FORMATS: Readonly<Record<FormatName, Format>> = {
  txt: {
    label: "TXT",
    extension: "txt",
    mimeType: "text/plain;charset=utf-8",
    write: (transcript) => toText(transcript),
  },
  srt: { label: "SRT", extension: "srt", mimeType: "application/x-subrip", write: toSrt },
  vtt: { label: "VTT", extension: "vtt", mimeType: "text/vtt;charset=utf-8", write: toVtt },
  json: { label: "JSON", extension: "json", mimeType: "application/json", write: toJson },
};

/** The name of a job's downloaded transcript: `interview.mp3` gives `interview.srt`. */
export function fileNameFor(fileName: string | undefined, format: FormatName): string {
  return withExtension(fileName, FORMATS[format].extension);
}
