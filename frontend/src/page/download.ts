import { fileNameFor, FORMATS, type FormatName, type Transcript } from "../formats";

/** Milliseconds for which the browser may still read a download. */
const KEEP_MS = 60_000;

/** Saves a transcript as a file. */
export function download(transcript: Transcript, name: FormatName): void {
  const { mimeType, write } = FORMATS[name];
  const url = URL.createObjectURL(new Blob([write(transcript)], { type: mimeType }));
  const link = document.createElement("a");
  link.href = url;
  link.download = fileNameFor(transcript.fileName, name);
  link.click();
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, KEEP_MS);
}
