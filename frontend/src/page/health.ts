import type { UploadLimits } from "./checkFile";

/** Milliseconds after which a service that has not answered counts as unreachable. */
const PATIENCE = 10_000;

/**
 * What the transcription service at `apiUrl` takes. The address may end with a slash.
 * @throws Error when it does not answer, or something else does
 */
export async function fetchLimits(apiUrl: string): Promise<UploadLimits> {
  const response = await fetch(`${apiUrl.replace(/\/+$/, "")}/health`, {
    signal: AbortSignal.timeout(PATIENCE),
  });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const limits = parseLimits(await response.json());
  if (limits === null) throw new Error("The answer is not the transcription service's");
  return limits;
}

/** The limits in an answer of `GET /health`, `null` where there are none. */
export function parseLimits(answer: unknown): UploadLimits | null {
  if (typeof answer !== "object" || answer === null) return null;
  if (!("formats" in answer) || !("maxUploadBytes" in answer)) return null;
  const { formats, maxUploadBytes } = answer;
  if (!Array.isArray(formats) || typeof maxUploadBytes !== "number") return null;
  return {
    formats: formats.filter((format) => typeof format === "string"),
    maxUploadBytes,
  };
}
