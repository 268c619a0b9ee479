import es from "zod/v4/locales/es.js";
import * as z from "zod";

// The app speaks Spanish, everywhere.
z.config(es());

export const stripeEvent = z.object({ id: z.string(), type: z.string().min(1) });
export type StripeEvent = z.infer<typeof stripeEvent>;
