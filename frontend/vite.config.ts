import { existsSync } from "node:fs";
import path from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { HttpError } from "../local/src/http/exchange";
import { loadIssuer, type Issuer } from "./dev/issuer";
import { devTokens } from "./dev/tokenMiddleware";

const REPOSITORY = path.join(import.meta.dirname, "..");
const ISSUER_FILE = path.join(REPOSITORY, ".dev-issuer.json");

export default defineConfig({
  root: import.meta.dirname,
  // `npx convex dev` writes there.
  envDir: REPOSITORY,
  plugins: [react(), devTokens({ token: async (subject) => (await devIssuer()).token(subject) })],
  server: {
    // The dev server gives out the repository's files: not those that hold secrets.
    fs: { deny: [".env", ".env.*", "*.{crt,pem}", "**/.git/**", path.basename(ISSUER_FILE)] },
  },
});

/** The issuer that a development deployment trusts, read anew so that a new key counts at once. */
async function devIssuer(): Promise<Issuer> {
  if (!existsSync(ISSUER_FILE)) {
    throw new HttpError(
      404,
      "NoDevIssuer",
      "There is no dev issuer yet: run `npm run dev-issuer`, and do what it says.",
    );
  }
  return await loadIssuer(ISSUER_FILE);
}
