// Says what is wrong with a tarball of the package: a file too many, a file too few, a source map
// that leads nowhere, a path of the machine that packed it.
//
//   node checkTarball.js <tarball>
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import path from "node:path";

/** Compiled code, the sources that it was made from, and what npm shows. */
const ALLOWED = [
  /^dist\/.+\.(js|d\.ts)(\.map)?$/,
  /^convex\/transcription\/.+\.ts$/,
  /^tests\/register\.ts$/,
  /^(docs\/)?openapi\.json$/,
  /^(README\.md|CHANGELOG\.md|LICENSE|package\.json)$/,
];
const REQUIRED = ["README.md", "CHANGELOG.md", "LICENSE", "package.json"];
const EXPORTS = ["./server", "./test", "./openapi.json"];

const [tarball] = process.argv.slice(2);
const folder = mkdtempSync(path.join(tmpdir(), "tarball-"));
try {
  execFileSync("tar", ["-xzf", tarball, "-C", folder]);
  const root = path.join(folder, "package");
  const files = readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((file) => statSync(path.join(root, file)).isFile())
    .map((file) => file.split(path.sep).join("/"))
    .sort();
  const problems = [...check(root, files)];
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
  const bytes = files.reduce((sum, file) => sum + statSync(path.join(root, file)).size, 0);
  console.log(`${files.length} files, ${Math.round(bytes / 1024)} KiB unpacked`);
} finally {
  rmSync(folder, { recursive: true });
}

/** @param {string} root @param {string[]} files */
function* check(root, files) {
  for (const file of files) {
    if (!ALLOWED.some((pattern) => pattern.test(file))) yield `${file} does not belong there`;
  }
  for (const file of REQUIRED) {
    if (!files.includes(file)) yield `${file} is missing`;
  }

  const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  for (const name of EXPORTS) {
    if (manifest.exports?.[name] === undefined) yield `package.json does not export ${name}`;
  }
  for (const target of targets(manifest.exports)) {
    if (!files.includes(path.posix.normalize(target))) yield `${target} is exported, not packed`;
  }
  for (const script of ["preinstall", "install", "postinstall"]) {
    if (manifest.scripts?.[script] !== undefined) yield `an app would run our ${script}`;
  }
  if (Object.keys(manifest.dependencies ?? {}).length > 0) yield "there are only peers, it says";

  for (const file of files) {
    const text = readFileSync(path.join(root, file), "utf8");
    for (const place of [homedir(), process.cwd()]) {
      if (place.length > 1 && text.includes(`${place}/`)) yield `${file} names ${place}`;
    }
    if (!file.endsWith(".map")) continue;
    const { sourceRoot = "", sources } = JSON.parse(text);
    for (const source of sources) {
      const found = path.join(root, path.dirname(file), sourceRoot, source);
      if (!found.startsWith(root) || !existsSync(found)) yield `${file} leads to no ${source}`;
    }
  }
}

/** @param {unknown} exported @returns {string[]} */
function targets(exported) {
  if (typeof exported === "string") return [exported];
  return Object.values(exported ?? {}).flatMap(targets);
}
