import path from "node:path";
import { buildPage } from "../frontend/dev/buildPage";
import { bundleMetafile, deployedFiles, nodeRuntimeFiles } from "./lib/bundle";
import { bundleSize, importProblems, sizeProblems, sizeTable } from "./lib/bundleReport";
import { pageProblems, pageSize, pageSizeLine } from "./lib/pageReport";

const repository = path.join(import.meta.dirname, "..");
const functionsDir = path.join(repository, "convex");

const size = bundleSize(await bundleMetafile(functionsDir, ["http.ts"]));
console.log("convex/http.ts with all that it needs, unminified:");
for (const line of sizeTable(size)) console.log(`  ${line}`);

const files = deployedFiles(functionsDir);
const problems = [
  ...sizeProblems(size),
  ...importProblems(await bundleMetafile(functionsDir, files)),
  ...nodeRuntimeFiles(functionsDir, files).map((file) => `convex/${file} asks for "use node".`),
];
if (problems.length > 0) {
  console.error("The code in convex/ cannot be deployed as it should be:");
  for (const problem of problems) console.error(`  ${problem}`);
  process.exitCode = 1;
} else {
  console.log(`${files.length} deployed modules hold no test and no Node-only code.`);
}

const page = await buildPage({
  convexUrl: "https://example.convex.cloud",
  apiUrl: "https://worker.example.com",
  log: console.warn,
});
console.log(pageSizeLine(pageSize(page)));
for (const problem of pageProblems(page, repository)) {
  console.error(problem);
  process.exitCode = 1;
}
