import type { Demo } from "./demo";
import type { RecordedEvent } from "./recording";

/** Milliseconds that the replay waits for somebody who watches it on the page. */
const WAIT_FOR_PAGE_MS = 10_000;

/**
 * Plays the recording for whoever opens the page: when it is opened, or after a while without; and
 * once more when the page is first opened after the end. Then the reader can take over.
 * @param opened resolves when the page has been opened
 * @returns how the replays differed from what was recorded, when `signal` ends it
 * @throws when `signal` ends a replay early
 */
export async function perform(
  demo: Pick<Demo, "announce" | "play" | "invite">,
  events: RecordedEvent[],
  opened: Promise<void>,
  signal: AbortSignal,
  waitMs = WAIT_FOR_PAGE_MS,
): Promise<string[]> {
  const audience = { isThere: false };
  const arrival = opened.then(() => {
    audience.isThere = true;
  });
  demo.announce();
  await waitFor(arrival, waitMs, signal);
  const problems = await demo.play(events, signal);
  const invited = demo.invite(signal);
  if (!audience.isThere) {
    await Promise.race([arrival, invited]);
    if (!signal.aborted) problems.push(...(await demo.play(events, signal)));
  }
  await invited;
  return problems;
}

async function waitFor(event: Promise<void>, ms: number, signal: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      resolve();
    });
  });
  await Promise.race([event, end]);
  clearTimeout(timer);
  signal.throwIfAborted();
}
