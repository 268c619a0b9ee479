import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { openapi } from "./lib/openapi";

const root = path.join(import.meta.dirname, "..");
const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
  version: string;
};
writeFileSync(
  path.join(root, "docs/openapi.json"),
  `${JSON.stringify(openapi(version), null, 2)}\n`,
);
