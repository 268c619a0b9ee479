/** The app's own jobs, which have nothing to do with transcription. */
export type Job = "cook" | "waiter";

export function isJob(value: string): value is Job {
  return value === "cook" || value === "waiter";
}
