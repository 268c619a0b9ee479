import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { PAGE_LIMIT, pageProblems, pageSize, pageSizeLine } from "../../scripts/lib/pageReport";

/** Text that gzip cannot make smaller than `bytes`. */
const noise = (bytes: number): Buffer => randomBytes(bytes);
const REPOSITORY = "/home/somebody/project";

describe("the page's JavaScript", () => {
  test("is all of it, compressed, and nothing else", () => {
    const files = new Map([
      ["/index.html", noise(5_000)],
      ["/assets/a.css", noise(5_000)],
      ["/assets/a.js", Buffer.from("x".repeat(50_000))],
      ["/assets/b.js", noise(1_000)],
    ]);
    expect(pageSize(files)).toBeGreaterThan(1_000);
    expect(pageSize(files)).toBeLessThan(1_500);
    expect(pageProblems(files, REPOSITORY)).toEqual([]);
  });

  test("over the limit, in two files", () => {
    const half = noise(PAGE_LIMIT / 2);
    expect(
      pageProblems(
        new Map([
          ["/a.js", half],
          ["/b.js", half],
        ]),
        REPOSITORY,
      ),
    ).toEqual([expect.stringMatching(/weighs 150\.\d KB; it must stay within 150\.0 KB/)]);
  });

  test("must be there", () => {
    expect(pageProblems(new Map(), REPOSITORY)).toEqual(["The page has no JavaScript."]);
  });

  test("says nothing of the machine that built it", () => {
    const files = new Map([["/a.js", Buffer.from(`at("${REPOSITORY}/src/a.tsx")`)]]);
    expect(pageProblems(files, REPOSITORY)).toEqual([expect.stringContaining("/a.js")]);
  });

  test("in a sentence", () => {
    expect(pageSizeLine(99_940)).toBe(
      "The page's JavaScript: 99.9 KB compressed (limit 150.0 KB).",
    );
  });
});
