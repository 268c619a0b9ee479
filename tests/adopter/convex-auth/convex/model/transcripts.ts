import { readJob, readTranscriptPage } from "convex-transcription-jobs/server";
import type { QueryCtx } from "../_generated/server";

/** More than this is no note; one page is at most 130 KiB. */
const MAX_PAGES = 20;

/** The whole text of a transcript: that of the result, else what the segments say. */
export async function textOf(ctx: QueryCtx, jobId: string): Promise<string> {
  const result = (await readJob(ctx, { jobId }))?.result;
  if (result?.text !== undefined && result.text.length === result.textLength) return result.text;
  let text = "";
  const spoken: string[] = [];
  for (let page = 0; page < MAX_PAGES; page++) {
    const found = await readTranscriptPage(ctx, { jobId, page });
    if (found === null) break;
    text += found.text ?? "";
    spoken.push(...found.segments.map((segment) => segment.text));
  }
  return text === "" ? spoken.join(" ") : text;
}
