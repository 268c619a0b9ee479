import en from "zod/v4/locales/en.js";

/**
 * Given to each parse: without a locale zod/mini says "Invalid input" to everything, and `z.config`
 * would change the messages of the app's own schemas, too.
 */
export const ENGLISH = { error: en().localeError };
