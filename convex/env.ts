import { env } from "./_generated/server";

/** The deployment's environment variables, typed alike whichever code generator wrote `env`. */
export const variables: Readonly<Record<string, string | undefined>> = env;
