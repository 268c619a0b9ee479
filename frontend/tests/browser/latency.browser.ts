import { expect, test } from "vitest";
import { activeJob } from "./support/parts";
import { openSession } from "./support/session";

const session = openSession();

const UPDATES = 200;
/** Milliseconds from the worker's POST to changed text in the page. */
const AIMS = { p50: 150, p99: 500 };

test("an update is on the page within 150 ms at the median and 500 ms at p99", async () => {
  const alice = await session.person("alice");
  const page = await alice.open();
  const jobId = await alice.create("talk.mp3");
  await activeJob(page, "talk.mp3").waitFor();
  await page.evaluate(watchTexts);

  const taken: number[] = [];
  for (let sequence = 1; sequence <= UPDATES; sequence += 1) {
    const message = `Update ${sequence}.`;
    const shown = page.evaluate(timeOfText, message);
    const sentAt = Date.now();
    await alice.report({
      jobId,
      status: "processing",
      stage: "transcribing",
      message,
      progress: (90 * sequence) / UPDATES,
      sequence,
    });
    taken.push((await shown) - sentAt);
  }

  taken.sort((one, other) => one - other);
  const at = (share: number): number => taken[Math.ceil(share * UPDATES) - 1] ?? NaN;
  const [p50, p99, most] = [at(0.5), at(0.99), at(1)];
  // Past the reporter, which is silent about tests that pass.
  process.stdout.write(
    `From the POST to changed text, ${UPDATES} updates: median ${p50} ms, p99 ${p99} ms, ` +
      `most ${most} ms\n`,
  );
  expect(p50).toBeLessThan(AIMS.p50);
  expect(p99).toBeLessThan(AIMS.p99);
});

interface Watch {
  /** When a text was first seen, epoch milliseconds. */
  seen: Map<string, number>;
  waiting: Map<string, (time: number) => void>;
}

type Watching = Window & { watch?: Watch };

/** In the page: notes when each update's text appears. */
function watchTexts(): void {
  const watch: Watch = { seen: new Map(), waiting: new Map() };
  (window as Watching).watch = watch;
  new MutationObserver(() => {
    const [text] = /Update \d+\./.exec(document.querySelector("article")?.textContent ?? "") ?? [];
    if (text === undefined || watch.seen.has(text)) return;
    watch.seen.set(text, Date.now());
    watch.waiting.get(text)?.(Date.now());
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}

/** In the page: when a text was seen, as soon as it is. */
async function timeOfText(text: string): Promise<number> {
  const watch = (window as Watching).watch;
  if (watch === undefined) throw new Error("Nobody watches");
  return watch.seen.get(text) ?? (await new Promise((resolve) => watch.waiting.set(text, resolve)));
}
