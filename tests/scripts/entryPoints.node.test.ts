import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { entryPoints, isEntryPoint } from "../../scripts/lib/entryPoints";

test.each([
  ["http.ts", true],
  ["model/status.ts", true],
  ["view.jsx", true],
  ["schema.ts", false],
  ["model/schema.ts", false],
  ["auth.config.ts", false],
  ["model/status.test.ts", false],
  ["_generated/api.js", false],
  ["model/_generated/api.js", true],
  [".hidden.ts", false],
  ["#http.ts", false],
  ["two words.ts", false],
  ["README.md", false],
  ["tsconfig.json", false],
])("%s is deployed: %s", (file, deployed) => {
  expect(isEntryPoint(file, "export const x = 1;\n")).toBe(deployed);
});

test("a TypeScript file that is no module is not deployed, a JavaScript file is", () => {
  expect(isEntryPoint("notes.ts", "const x = 1;\n")).toBe(false);
  expect(isEntryPoint("notes.js", "const x = 1;\n")).toBe(true);
});

test("folders are walked, but not those of a component", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "functions-"));
  try {
    for (const file of ["b.ts", "a/c.ts", "part/convex.config.ts", "part/d.ts"]) {
      mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      writeFileSync(path.join(folder, file), "export {};\n");
    }
    expect(entryPoints(folder)).toEqual(["a/c.ts", "b.ts"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
