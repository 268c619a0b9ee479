import * as z from "zod";

const variables = z.object({ STRIPE_WEBHOOK_SECRET: z.string().min(8) });

/** The app's own variables; its name is that of a file in the module. */
export function environment() {
  return variables.parse(process.env);
}
