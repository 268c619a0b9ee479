import type { Note } from "./render";

/** Where the embedded backend is reached. */
export interface Addresses {
  url: string;
  siteUrl: string;
  key: string;
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

/** What a reader can do now; `curl` moves the job that is theirs. */
export function invitationNotes({ url, siteUrl, key }: Addresses, curl: string): Note[] {
  return [
    { text: "" },
    { text: `  Convex          ${url}` },
    { text: `  HTTP actions    ${siteUrl}` },
    { text: `  CONVEX_API_KEY  ${key}` },
    { text: "" },
    {
      text: "  Be the worker: paste this line into another terminal, then the one that follows.",
      look: "bold",
    },
    { text: "" },
    { text: curl, look: "cyan" },
    { text: "" },
    { text: "  All data lives in memory. Ctrl-C ends it.", look: "dim" },
  ];
}
