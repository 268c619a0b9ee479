import { inject, vi } from "vitest";

/** What the endpoint answers. */
export type Answer = Record<string, unknown> & { ok: boolean };

/** A token for a user of the backend under test. */
export async function tokenFor(subject: string): Promise<string> {
  const url = `${inject("convexUrl")}/dev/token?subject=${encodeURIComponent(subject)}`;
  const { token } = (await (await fetch(url)).json()) as { token: string };
  return token;
}

/** Sends one update to the endpoint, as a worker does. */
export async function postUpdate(update: object): Promise<Answer> {
  const response = await fetch(`${inject("siteUrl")}/updateTranscriptionJob`, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${inject("apiKey")}`,
      "Content-Type": "application/json",
    },
    body: JSON.stringify(update),
  });
  return (await response.json()) as Answer;
}

/** Waits until the assertion holds: generous, since only a failing test waits for long. */
export async function eventually<T>(assertion: () => T | Promise<T>): Promise<T> {
  return await vi.waitFor(assertion, { timeout: 20_000, interval: 5 });
}
