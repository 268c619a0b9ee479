import { gzipSync } from "node:zlib";
import type { PageFiles } from "../../frontend/dev/buildPage";

/**
 * The most that the page's JavaScript may weigh, in bytes, compressed: what a phone on a slow network
 * loads in two seconds or three.
 */
export const PAGE_LIMIT = 150_000;

/** Bytes of all the page's JavaScript, with React and `convex`, each file compressed by itself. */
export function pageSize(files: PageFiles): number {
  return [...files]
    .filter(([name]) => name.endsWith(".js"))
    .reduce((sum, [, body]) => sum + gzipSync(body).length, 0);
}

/** The size in a sentence. */
export function pageSizeLine(size: number): string {
  return `The page's JavaScript: ${kb(size)} compressed (limit ${kb(PAGE_LIMIT)}).`;
}

/**
 * What is wrong with a built page, one sentence each.
 * @param repository the folder that it was built in, which is nobody's business
 */
export function pageProblems(files: PageFiles, repository: string): string[] {
  const size = pageSize(files);
  const telling = [...files].filter(([, body]) => body.includes(repository)).map(([name]) => name);
  return [
    ...(size === 0 ? ["The page has no JavaScript."] : []),
    ...(size > PAGE_LIMIT
      ? [`The page's JavaScript weighs ${kb(size)}; it must stay within ${kb(PAGE_LIMIT)}.`]
      : []),
    ...telling.map((name) => `${name} holds the path of this machine's ${repository}.`),
  ];
}

function kb(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} KB`;
}
