import type { Page } from "playwright-core";
import { en } from "../../../src/page/i18n/en";

/** One state of a job that a page has shown. */
export interface Stage {
  phase: "sending" | "pending" | "processing" | "completed" | "failed" | "cancelled";
  /** Whole percent; `null` while none is shown. */
  percent: number | null;
  /** The words beside it. */
  words: string;
}

const RANKS = ["sending", "pending", "processing", "completed"];

/** Notes from now on every state that the page shows of a job; a reload ends it. */
export async function watchStages(page: Page, name: string): Promise<() => Promise<Stage[]>> {
  const watched = await page.evaluateHandle(
    ({ fileName, sending }) => {
      const stages: Stage[] = [];
      const look = (): void => {
        const named = [...document.querySelectorAll<HTMLElement>("[data-job-id]")];
        const job = named.find((element) => {
          return element.querySelector("h3, a")?.textContent.trim() === fileName;
        });
        const phase = job?.dataset["status"] as Stage["phase"] | undefined;
        if (job === undefined || phase === undefined) return;
        const bar = job.querySelector('[role="progressbar"]');
        const value = bar?.getAttribute("aria-valuenow") ?? null;
        const words = bar?.getAttribute("aria-valuetext") ?? "";
        const stage: Stage = {
          phase: sending.some((beginning) => words.includes(beginning)) ? "sending" : phase,
          percent: value === null ? null : Number(value),
          words,
        };
        if (JSON.stringify(stage) !== JSON.stringify(stages.at(-1))) stages.push(stage);
      };
      new MutationObserver(look).observe(document.body, {
        subtree: true,
        childList: true,
        attributes: true,
        characterData: true,
      });
      look();
      return stages;
    },
    { fileName: name, sending: [en.active.sending("", "").replace(/ .*/, " "), en.active.sent] },
  );
  return async () => await watched.jsonValue();
}

/** Steps in which a job went back: to an earlier phase, or to a lower percentage. */
export function stepsBack(stages: Stage[]): string[] {
  return stages.flatMap((stage, index) => {
    const before = stages[index - 1];
    if (before === undefined) return [];
    const isBack =
      stage.phase === before.phase
        ? (stage.percent ?? 0) < (before.percent ?? 0)
        : RANKS.indexOf(stage.phase) < RANKS.indexOf(before.phase);
    return isBack ? [`${JSON.stringify(before)} → ${JSON.stringify(stage)}`] : [];
  });
}
