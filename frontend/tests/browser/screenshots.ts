import { mkdir, stat } from "node:fs/promises";
import path from "node:path";
import type { BrowserContextOptions } from "playwright-core";
import { en } from "../../src/page/i18n/en";
import { activeJob, finishedJob, fileInput, transcriptOf } from "./support/parts";
import { Person } from "./support/person";
import { createRecordings, LECTURE, OPEN_TRANSCRIPT } from "./support/showcase";
import { REPOSITORY, startStack, type Stack } from "./support/stack";

/**
 * Takes the pictures of the page in `docs/`, from a session in which a worker's reports come in:
 * `npm run screenshots`.
 */

const FOLDER = path.join(REPOSITORY, "docs");
/** Bytes; a README should not be heavy. */
const MAX_SIZE = 300_000;
/** Milliseconds for which the recordings seem to have been there. */
const ELAPSED = 11 * 60_000;

interface Picture {
  name: string;
  options: BrowserContextOptions;
  /** Whether a transcript is open. */
  isReading: boolean;
}

const PICTURES: readonly Picture[] = [
  {
    name: "page-light.png",
    options: { viewport: { width: 1000, height: 1120 }, colorScheme: "light" },
    isReading: false,
  },
  {
    name: "page-dark.png",
    options: { viewport: { width: 1000, height: 860 }, colorScheme: "dark" },
    isReading: true,
  },
  {
    name: "page-phone.png",
    options: { viewport: { width: 390, height: 844 }, colorScheme: "light", isMobile: true },
    isReading: false,
  },
];

async function take(stack: Stack, { name, options, isReading }: Picture): Promise<void> {
  const person = await Person.enter(stack, "ada", options);
  const page = await person.open();
  await fileInput(page).waitFor({ state: "attached" });
  await page.getByText(/up to/).waitFor();
  await finishedJob(page, OPEN_TRANSCRIPT).waitFor();
  await activeJob(page, LECTURE.name).getByText(LECTURE.newest).waitFor();
  // The session of a moment stands for a longer one.
  await page.clock.setSystemTime(Date.now() + ELAPSED);
  await activeJob(page, LECTURE.name)
    .getByText(/^11 mins/)
    .waitFor();
  if (isReading) {
    await page.getByRole("link", { name: OPEN_TRANSCRIPT, exact: true }).click();
    await transcriptOf(page, OPEN_TRANSCRIPT)
      .getByRole("button", { name: en.transcript.copy, disabled: false })
      .waitFor();
    await page.mouse.move(0, 0);
    // It slides in.
    await page.getByRole("dialog").evaluate(async (dialog) => {
      await Promise.all(dialog.getAnimations().map((animation) => animation.finished));
    });
  }
  const file = path.join(FOLDER, name);
  await page.screenshot({ path: file });
  await person.context.close();
  const { size } = await stat(file);
  if (size > MAX_SIZE) throw new Error(`${name} has ${size} bytes, more than ${MAX_SIZE}`);
  console.log(`docs/${name}: ${Math.round(size / 1000)} kB`);
}

const stack = await startStack({ worker: true, log: () => undefined });
try {
  if (stack.worker === null) throw new Error("Install the worker first: see README, “The worker”");
  await mkdir(FOLDER, { recursive: true });
  await createRecordings(await Person.enter(stack, "ada"));
  for (const picture of PICTURES) await take(stack, picture);
} finally {
  await stack.close();
}
