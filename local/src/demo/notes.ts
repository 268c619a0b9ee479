import { INSTALL_WORKER } from "../worker/findWorker";
import type { Note } from "./render";

/** Where everything is reached. */
export interface Addresses {
  url: string;
  siteUrl: string;
  key: string;
  /** The worker's HTTP API; `null` where no worker is installed. */
  workerUrl: string | null;
  /** The web page; `null` where none is served. */
  pageUrl: string | null;
}

/** Where to look: above everything else, all the time. */
export function pageNotes({ pageUrl }: Addresses): Note[] {
  if (pageUrl === null) return [];
  return [{ text: `  Open the page   ${pageUrl}`, look: "bold" }, { text: "" }];
}

/** While nobody is there to watch. */
export function waitingNotes(): Note[] {
  return [
    {
      text: "  A recorded worker session is played as soon as the page is open, else in a moment.",
      look: "dim",
    },
  ];
}

/** While the recording is played. */
export function replayNotes({ siteUrl }: Addresses): Note[] {
  return [
    { text: `  A recorded worker session, posted to ${siteUrl} at its own pace.`, look: "dim" },
  ];
}

/** How the replay went. */
export function resultNotes(jobs: number, problems: string[]): Note[] {
  if (problems.length === 0) {
    return [
      {
        text: `  ✔ All ${jobs} jobs ended as recorded, and the subscription saw it.`,
        look: "green",
      },
    ];
  }
  return [
    { text: "  ✖ The replay did not end as recorded:", look: "red" },
    ...problems.map((problem): Note => ({ text: `    ${problem}` })),
  ];
}

/** What a reader can do now: transcribe a recording, if there is a worker, or be the worker. */
export function invitationNotes(
  { url, siteUrl, key, workerUrl, pageUrl }: Addresses,
  updateLine: string,
): Note[] {
  const canUpload = workerUrl !== null && pageUrl !== null;
  return [
    { text: "" },
    { text: `  Convex          ${url}` },
    { text: `  HTTP actions    ${siteUrl}` },
    { text: `  CONVEX_API_KEY  ${key}` },
    { text: `  Worker          ${workerUrl ?? `not installed: ${INSTALL_WORKER}`}` },
    { text: "" },
    ...heading(canUpload && "Transcribe a recording of yours: drop it on the page."),
    ...heading("Be the worker: paste this line, then the one that follows."),
    { text: "" },
    { text: updateLine, look: "cyan" },
    { text: "" },
    { text: "  All data lives in memory. Ctrl-C ends it.", look: "dim" },
  ];
}

function heading(text: string | false): Note[] {
  return text === false ? [] : [{ text: `  ${text}`, look: "bold" }];
}
