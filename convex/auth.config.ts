import type { AuthConfig } from "convex/server";

/**
 * No sign-in provider yet: add yours here (README, "Signing in"). This file reads no environment
 * variable, since one that is not set would make the first `npx convex dev` fail.
 */
export default { providers: [] } satisfies AuthConfig;
