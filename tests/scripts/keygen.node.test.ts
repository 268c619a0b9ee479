import { expect, test } from "vitest";
import { freshKey, keyInstructions } from "../../scripts/lib/key";

test("a key has 256 bits, no two are alike, none looks like an option", () => {
  const keys = Array.from({ length: 500 }, freshKey);
  expect(new Set(keys).size).toBe(keys.length);
  for (const key of keys) {
    expect(key).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{42}$/);
    expect(Buffer.from(key, "base64url")).toHaveLength(32);
  }
});

test("the lines can be pasted", () => {
  const lines = keyInstructions("abc").map((line) => line.trim());
  expect(lines).toContain("npx convex env set CONVEX_API_KEY abc");
  expect(lines).toContain("CONVEX_API_KEY=abc");
});
