import type { Transcript } from "./transcript";

/**
 * A transcript in the shape of Whisper's `verbose_json`, with speakers and confidence where they are
 * known. It can be posted to the endpoint as the `result` of another job.
 */
export function toJson({ language, duration, model, text, segments }: Transcript): string {
  const document = {
    task: "transcribe",
    language,
    duration,
    model,
    text,
    segments: segments.map(({ start, end, text, speaker, confidence, words }, id) => ({
      id,
      start,
      end,
      text,
      speaker,
      confidence,
      words: words?.map(({ word, start, end, confidence }) => ({ word, start, end, confidence })),
    })),
  };
  // What is not known is left out.
  return `${JSON.stringify(document, null, 2)}\n`;
}
