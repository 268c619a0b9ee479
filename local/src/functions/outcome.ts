import { randomBytes } from "node:crypto";
import { ConvexError, convexToJson, type JSONValue, type Value } from "convex/values";

/** The kinds of functions that clients call by name. */
export type FunctionKind = "query" | "mutation" | "action";

/** What a function call came to, in Convex's JSON encoding. */
export type Outcome = { success: true; value: JSONValue } | Failure;

/** What went wrong: the text that a development deployment gives, and a ConvexError's data. */
export interface Failure {
  success: false;
  message: string;
  data?: JSONValue;
}

/** A call that was answered with a value. */
export function succeeded(value: unknown): Outcome {
  return { success: true, value: convexToJson((value ?? null) as Value) };
}

/** A call that threw: a ConvexError keeps its data, everything else its message. */
export function failed(error: unknown): Failure {
  const message = `Uncaught ${describe(error)}`;
  if (!isConvexError(error)) return { success: false, message };
  return { success: false, message, data: convexToJson(error.data) };
}

/** A call that was refused before any function ran. */
export function refused(message: string): Failure {
  return { success: false, message };
}

/** The message as a development deployment words it; the random id is a new one each time. */
export function asServerError(message: string, separator = "\n"): string {
  return `[Request ID: ${randomBytes(8).toString("hex")}] Server Error${separator}${message}`;
}

/** The error's name and message, without a stack. */
export function describe(error: unknown): string {
  return isError(error) ? String(error) : `Error: ${String(error)}`;
}

function isError(error: unknown): boolean {
  return error instanceof Error || Object.prototype.toString.call(error) === "[object Error]";
}

// Not `instanceof`: the functions may have loaded another copy of convex/values.
function isConvexError(error: unknown): error is ConvexError<Value> {
  return typeof error === "object" && error !== null && Symbol.for("ConvexError") in error;
}
