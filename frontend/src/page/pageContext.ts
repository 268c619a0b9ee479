import { createContext, use } from "react";
import type { PersistentTranscription } from "../transcription/types";
import type { ElapsedClock } from "./elapsed";

/** What the page's parts share. */
export interface PageParts {
  transcription: PersistentTranscription;
  elapsedClock: ElapsedClock;
  /** Checks files and starts a job for each that is taken. */
  startFiles: (files: readonly File[]) => Promise<void>;
  /** The file of a job that this page started, `null` for any other. */
  keptFile: (jobId: string) => File | null;
  /** Shows a message until it is dismissed. */
  notify: (text: string) => void;
}

export const PageContext = createContext<PageParts | null>(null);

/** What the page's parts share. */
export function usePage(): PageParts {
  const parts = use(PageContext);
  if (parts === null) throw new Error("usePage needs a PageContext around it");
  return parts;
}
