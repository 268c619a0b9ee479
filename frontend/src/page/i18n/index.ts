import { en, type Dictionary } from "./en";
import { es } from "./es";
import { createFormats, type Formats } from "./format";

/** The languages of the page, each with its name in itself. */
export const LANGUAGES = { en: "English", es: "Español" } as const;
export type Language = keyof typeof LANGUAGES;

/** What a component needs to speak. */
export interface Text {
  language: Language;
  /** The sentences. */
  t: Dictionary;
  format: Formats;
}

const dictionaries: Record<Language, Dictionary> = { en, es };

/**
 * The page's text in one language; numbers and dates as in the person's own country, where one of
 * their languages (`es-MX`) says which.
 */
export function textIn(language: Language, wanted: readonly string[] = []): Text {
  const locale = wanted.find((tag) => baseOf(tag) === language) ?? language;
  return { language, t: dictionaries[language], format: createFormats(locale) };
}

/** Whether there is a dictionary for it. */
export function isLanguage(value: string | null): value is Language {
  return value !== null && Object.hasOwn(LANGUAGES, value);
}

/** The first of a person's languages that there is, else English. `es-MX` is served with `es`. */
export function preferredLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const base = baseOf(tag);
    if (isLanguage(base)) return base;
  }
  return "en";
}

function baseOf(tag: string): string {
  return tag.toLowerCase().split("-")[0] ?? "";
}
