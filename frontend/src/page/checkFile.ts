/** What the transcription service takes. */
export interface UploadLimits {
  /** Extensions without a dot: `mp3`. */
  formats: readonly string[];
  maxUploadBytes: number;
}

/** Why a file is refused before anything is made of it. */
export type Refusal = "empty" | "wrong-kind" | "too-large";

/** What is wrong with a file, `null` where nothing is. */
export function checkFile(
  file: Pick<File, "name" | "size" | "type">,
  limits: UploadLimits,
): Refusal | null {
  if (!isRecording(file, limits.formats)) return "wrong-kind";
  if (file.size === 0) return "empty";
  return file.size > limits.maxUploadBytes ? "too-large" : null;
}

/** The service looks inside; here the name or the kind that the browser sees is enough. */
function isRecording({ name, type }: Pick<File, "name" | "type">, formats: readonly string[]) {
  if (/^(audio|video)\//.test(type)) return true;
  const extension = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase();
  return extension !== undefined && formats.includes(extension);
}

/** The `accept` attribute of a file input for these formats. */
export function acceptAttribute(formats: readonly string[]): string {
  return [...formats.map((format) => `.${format}`), "audio/*", "video/*"].join(",");
}
