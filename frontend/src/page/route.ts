import { useSyncExternalStore } from "react";

/** Where in the page somebody is; the address after `#` says it, so that it survives a reload. */
export type Route = { view: "jobs" } | { view: "job"; jobId: string };

const JOB = /^#\/job\/([A-Za-z0-9._:%-]+)$/;
/** Marks history entries that were made by opening a job from the list: closing goes back. */
const OPENED_HERE = "openedHere";

/** Reads an address's part from `#` on. */
export function parseRoute(hash: string): Route {
  const encoded = JOB.exec(hash)?.[1];
  if (encoded === undefined) return { view: "jobs" };
  try {
    return { view: "job", jobId: decodeURIComponent(encoded) };
  } catch {
    return { view: "jobs" };
  }
}

/** The address of a job's transcript, for a link. */
export function jobHref(jobId: string): string {
  return `#/job/${encodeURIComponent(jobId)}`;
}

/** Opens a job's transcript as a new entry of the browser's history. */
export function openJob(jobId: string): void {
  history.pushState({ [OPENED_HERE]: true }, "", jobHref(jobId));
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}

/** Closes the transcript: back to the list that it was opened from, if it was. */
export function closeJob(): void {
  const state: unknown = history.state;
  if (typeof state === "object" && state !== null && OPENED_HERE in state) {
    history.back();
    return;
  }
  history.replaceState(null, "", location.pathname + location.search);
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}

/** Where the page is now. */
export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(subscribe, readHash));
}

function readHash(): string {
  return location.hash;
}

function subscribe(onChange: () => void): () => void {
  const events = ["hashchange", "popstate"] as const;
  for (const name of events) window.addEventListener(name, onChange);
  return () => {
    for (const name of events) window.removeEventListener(name, onChange);
  };
}
