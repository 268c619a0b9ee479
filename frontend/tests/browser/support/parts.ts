import type { Locator, Page } from "playwright-core";
import { en } from "../../../src/page/i18n/en";

/** The card of a job that has not ended. */
export function activeJob(page: Page, name: string): Locator {
  return activeJobs(page).getByRole("article", { name, exact: true });
}

/** The list of jobs that have not ended. */
export function activeJobs(page: Page): Locator {
  return page.getByRole("list", { name: en.active.list, exact: true });
}

/** The row of a job that has ended. */
export function finishedJob(page: Page, name: string): Locator {
  return finishedJobs(page)
    .getByRole("listitem")
    .filter({ has: page.getByRole("link", { name, exact: true }) });
}

/** The list of jobs that have ended. */
export function finishedJobs(page: Page): Locator {
  return page.getByRole("list", { name: en.history.list, exact: true });
}

/** The progress bar of a job. */
export function progressOf(page: Page, name: string): Locator {
  return page.getByRole("progressbar", { name: en.active.progressOf(name), exact: true });
}

/** The word in the header that says how the page is connected, once it says this. */
export function syncStatus(page: Page, words: string): Locator {
  return page.getByRole("banner").getByRole("status").filter({ hasText: words });
}

/** The open transcript of a job. */
export function transcriptOf(page: Page, name: string): Locator {
  return page.getByRole("dialog", { name: en.transcript.label(name), exact: true });
}

/** The file input that starts transcriptions. */
export function fileInput(page: Page): Locator {
  return page.getByLabel(en.uploads.choose, { exact: true });
}

/** Cancels every job that has not ended, one after the other. */
export async function cancelAll(page: Page): Promise<void> {
  const cancel = activeJobs(page).getByRole("button", { name: en.active.cancelNamed("") });
  while ((await cancel.count()) > 0) {
    const card = activeJobs(page).getByRole("listitem").first();
    const jobId = await card.getAttribute("data-job-id");
    await cancel.first().click();
    await page.locator(`.card[data-job-id="${jobId ?? ""}"]`).waitFor({ state: "detached" });
  }
}
