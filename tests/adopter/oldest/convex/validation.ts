import { z } from "zod";
import * as z4 from "zod/v4";
import es from "zod/v4/locales/es.js";

// The app speaks Spanish, in both of zod's major versions.
z.setErrorMap(({ code }, { defaultError }) => ({ message: `no vale (${code}): ${defaultError}` }));
z4.config(es());

export const newsletter = z.object({ email: z.string().min(3) });
export const greeting = z4.object({ name: z4.string() });
