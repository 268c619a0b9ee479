import type { Metafile } from "esbuild";

/** The parts of the bundle that are told apart. */
export type BundlePart = "functions" | "convex" | "zod" | "other";

/** Bytes of code, by part, and of the whole output with the bundler's own helpers. */
export interface BundleSize {
  parts: Record<BundlePart, number>;
  total: number;
}

/**
 * The most that `http.ts` may weigh, in bytes. Every isolate parses it before it can answer, and
 * zod's full build alone would put 740 KB into it.
 */
export const BUNDLE_LIMITS = { zod: 64 * 1024, total: 160 * 1024 } as const;

/** The bundler's name for its own helpers, which it lists like an external import. */
const HELPERS = "<runtime>";

/** Adds up the outputs of a bundle. */
export function bundleSize({ outputs }: Metafile): BundleSize {
  const size: BundleSize = { parts: { functions: 0, convex: 0, zod: 0, other: 0 }, total: 0 };
  for (const output of Object.values(outputs)) {
    size.total += output.bytes;
    for (const [file, { bytesInOutput }] of Object.entries(output.inputs)) {
      size.parts[bundlePart(file)] += bytesInOutput;
    }
  }
  return size;
}

/** The part that a file of the metafile belongs to. */
export function bundlePart(file: string): BundlePart {
  if (file.startsWith("convex/")) return "functions";
  // The last one counts: a package may bring its own copy of another.
  const name = /.*(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];
  return name === "convex" || name === "zod" ? name : "other";
}

/** The limits that a bundle breaks, one sentence each. */
export function sizeProblems({ parts, total }: BundleSize): string[] {
  const { zod, total: most } = BUNDLE_LIMITS;
  const problems: string[] = [];
  if (parts.zod >= zod) {
    problems.push(
      `zod's share is ${kib(parts.zod)}; it must stay under ${kib(zod)}. ` +
        `Import from "zod/v4/mini", and no locale but "zod/v4/locales/en.js".`,
    );
  }
  if (total >= most) {
    problems.push(`http.ts weighs ${kib(total)}; it must stay under ${kib(most)}.`);
  }
  return problems;
}

/**
 * The imports by which a deployed module reaches code that has no place in a deployment: Node's
 * built-ins, tests, or any package but `convex` and `zod`. One sentence each.
 */
export function importProblems({ inputs }: Metafile): string[] {
  const problems = Object.entries(inputs).flatMap(([importer, { imports }]) =>
    bundlePart(importer) === "other"
      ? []
      : imports
          .filter(
            ({ path, external }) =>
              path !== HELPERS && (external === true || bundlePart(path) === "other"),
          )
          .map((imported) => `${importer} imports ${imported.original ?? imported.path}`),
  );
  return [...new Set(problems)].sort().map((problem) => `${problem}: not for a deployment.`);
}

/** The size as a table, one line a part. */
export function sizeTable({ parts, total }: BundleSize): string[] {
  const rows: [string, number, number | undefined][] = [
    ["convex/ (ours)", parts.functions, undefined],
    ["convex (package)", parts.convex, undefined],
    ["zod", parts.zod, BUNDLE_LIMITS.zod],
    ["other", parts.other, undefined],
    ["total", total, BUNDLE_LIMITS.total],
  ];
  return rows.map(([name, bytes, limit]) =>
    [
      name.padEnd(17),
      kib(bytes).padStart(10),
      limit === undefined ? "" : `  (limit ${kib(limit)})`,
    ].join(""),
  );
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
