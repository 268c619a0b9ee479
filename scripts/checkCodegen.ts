import path from "node:path";
import { codegenDrift } from "./lib/functionsFolder";

// `convex/_generated` is committed and a deployment is not at hand, so the module list and the data
// model are compared with the code that they are made from.
const functionsDir = path.join(import.meta.dirname, "..", "convex");
const problems = await codegenDrift(functionsDir);
if (problems.length > 0) {
  console.error("convex/_generated is out of date. Run `npm run codegen` and commit the result.");
  for (const problem of problems) console.error(`  ${problem}`);
  process.exitCode = 1;
} else {
  console.log("convex/_generated is up to date.");
}
