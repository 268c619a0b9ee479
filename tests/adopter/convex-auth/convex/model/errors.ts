import { ConvexError } from "convex/values";

/** Same file and name as in the module, another meaning. */
export function jobError(message: string) {
  return new ConvexError({ kind: "payroll", message });
}
