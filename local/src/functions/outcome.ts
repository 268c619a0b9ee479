import { randomBytes } from "node:crypto";
import { ConvexError, convexToJson, type JSONValue, type Value } from "convex/values";

/** The kinds of functions that clients call by name. */
export type FunctionKind = "query" | "mutation" | "action";

/** What a function call came to, in Convex's JSON encoding. */
export type Outcome =
  { success: true; value: JSONValue } | { success: false; message: string; data?: JSONValue };

/** A call that was answered with a value. */
export function succeeded(value: unknown): Outcome {
  return { success: true, value: convexToJson((value ?? null) as Value) };
}

/** A call that threw: a ConvexError keeps its data, everything else its message. */
export function failed(error: unknown): Outcome {
  if (!isConvexError(error)) return { success: false, message: `Uncaught ${describe(error)}` };
  const data = convexToJson(error.data);
  return { success: false, message: `Uncaught ConvexError: ${JSON.stringify(data)}`, data };
}

/** A call that was refused before any function ran. */
export function refused(message: string): Outcome {
  return { success: false, message };
}

/** The message as a development deployment words it; the random id is a new one each time. */
export function asServerError(message: string): string {
  return `[Request ID: ${randomBytes(8).toString("hex")}] Server Error\n${message}`;
}

/** The error's name and message, without a stack. */
export function describe(error: unknown): string {
  return error instanceof Error ? String(error) : `Error: ${String(error)}`;
}

// Not `instanceof`: the functions may have loaded another copy of convex/values.
function isConvexError(error: unknown): error is ConvexError<Value> {
  return typeof error === "object" && error !== null && Symbol.for("ConvexError") in error;
}
