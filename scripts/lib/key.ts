import { randomBytes } from "node:crypto";

/** 256 bits, as many as the HMAC behind a ticket can use. */
const KEY_BYTES = 32;

/** A fresh key in base64url: no character that a shell, a header or a comma-separated list minds. */
export function freshKey(): string {
  // `npx convex env set NAME -abc` would take a value with a leading dash for an option.
  for (;;) {
    const key = randomBytes(KEY_BYTES).toString("base64url");
    if (!key.startsWith("-")) return key;
  }
}

/** What to do with a key, in lines that can be pasted. */
export function keyInstructions(key: string): string[] {
  return [
    key,
    "",
    "Give it to Convex:",
    `  npx convex env set CONVEX_API_KEY ${key}`,
    "",
    "and to the worker, in its .env:",
    `  CONVEX_API_KEY=${key}`,
  ];
}
