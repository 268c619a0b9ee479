import type { IssuerProvider } from "./issuer";

/** A whole `convex/auth.config.ts` that trusts the provider. */
export function authConfigOf(provider: IssuerProvider): string {
  const fields = Object.entries(provider).map(
    ([name, value]) => `      ${name}: ${JSON.stringify(value)},`,
  );
  return [
    'import type { AuthConfig } from "convex/server";',
    "",
    "export default {",
    "  providers: [",
    "    {",
    ...fields,
    "    },",
    "  ],",
    "} satisfies AuthConfig;",
    "",
  ].join("\n");
}

/** What to do with the provider of the key in `file`, for people. */
export function providerInstructions(provider: IssuerProvider, file: string): string {
  return [
    "Put this into convex/auth.config.ts, or its provider beside those that are there, and push it",
    "with `npx convex dev`; the page that `npm run dev --workspace frontend` serves then signs in by",
    "itself.",
    "",
    authConfigOf(provider),
    `Anyone who has ${file} can sign in as anyone: keep it to yourself, and let`,
    "none but development deployments trust it. Do not commit the changed file.",
  ].join("\n");
}
