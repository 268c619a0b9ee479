import axe, { type AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { LANGUAGES, type Language } from "../../../src/page/i18n";
import { en } from "../../../src/page/i18n/en";
import { es } from "../../../src/page/i18n/es";

/** How a person looks at the page. */
interface Look {
  colorScheme: "light" | "dark";
  language: Language;
  /** Pixels. */
  width: number;
}

/** The narrowest screen, in pixels. */
export const NARROWEST = 360;

const LOOKS: readonly Look[] = [
  { colorScheme: "light", language: "en", width: 1280 },
  { colorScheme: "dark", language: "en", width: NARROWEST },
  { colorScheme: "dark", language: "es", width: 1280 },
  { colorScheme: "light", language: "es", width: NARROWEST },
];

/** What axe finds in the page as it is now, and what is wider than the screen, however it is looked at. */
export async function audit(page: Page): Promise<string[]> {
  const findings: string[] = [];
  for (const look of LOOKS) {
    await lookAt(page, look);
    const where = `${look.colorScheme}, ${look.language}, ${look.width} px`;
    for (const finding of [...(await runAxe(page)), ...(await tooWide(page, look.width))]) {
      findings.push(`${where}: ${finding}`);
    }
  }
  if (LOOKS[0] !== undefined) await lookAt(page, LOOKS[0]);
  return findings;
}

/** Chooses the page's language. */
export async function chooseLanguage(page: Page, language: Language): Promise<void> {
  await page
    .locator("select")
    .and(page.getByLabel(en.app.language).or(page.getByLabel(es.app.language)))
    .selectOption({ label: LANGUAGES[language] }, { force: true });
}

async function lookAt(page: Page, { colorScheme, language, width }: Look): Promise<void> {
  await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
  await page.setViewportSize({ width, height: 800 });
  await chooseLanguage(page, language);
}

async function runAxe(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(
    async () => await (globalThis as unknown as { axe: typeof axe }).axe.run(),
  );
  return violations.flatMap(describe);
}

function describe({ id, nodes }: AxeResults["violations"][number]): string[] {
  return nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ""}`);
}

/** What needs horizontal scrolling. */
async function tooWide(page: Page, width: number): Promise<string[]> {
  return await page.evaluate((limit) => {
    const { scrollWidth } = document.documentElement;
    if (scrollWidth > limit) return [`the page is ${scrollWidth} px wide`];
    const scrollers = [...document.querySelectorAll<HTMLElement>("dialog, dialog *, main")];
    return scrollers
      .filter((element) => /auto|scroll/.test(getComputedStyle(element).overflowX))
      .filter((element) => element.scrollWidth > element.clientWidth)
      .map((element) => `${element.className} is ${element.scrollWidth} px wide`);
  }, width);
}
