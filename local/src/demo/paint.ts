import { styleText } from "node:util";

/** The looks that the demo uses. */
export type Look = "bold" | "dim" | "green" | "red" | "yellow" | "cyan";

/** Gives a text a look, or leaves it as it is where colours are not wanted. */
export type Paint = (look: Look, text: string) => string;

/** Leaves every text as it is. */
export const plainPaint: Paint = (_look, text) => text;

/** Node knows `NO_COLOR`, `FORCE_COLOR` and what the terminal can do. */
export function paintFor(stream: { hasColors?: () => boolean }): Paint {
  return stream.hasColors?.() === true ? (look, text) => styleText(look, text) : plainPaint;
}
