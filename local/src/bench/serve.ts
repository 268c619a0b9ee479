import { fileURLToPath } from "node:url";
import { startBackend } from "../backend";
import type { Served } from "./subject";

/**
 * The backends that are measured, in a process of their own as in real life: ours and the bare
 * handler. Tells the parent where they are.
 */
const env = { CONVEX_API_KEY: process.env["CONVEX_API_KEY"] ?? "" };
const quiet = { port: 0, sitePort: 0, env, log: () => undefined };

const ours = await startBackend(quiet);
const bare = await startBackend({
  ...quiet,
  functionsDir: fileURLToPath(new URL("bare", import.meta.url)),
});
const served: Served = {
  ours: { url: ours.url, siteUrl: ours.siteUrl, token: await ours.token("bench") },
  bare: { url: bare.url, siteUrl: bare.siteUrl, token: null },
};
process.send?.(served);
process.on("disconnect", () => process.exit(0));
