import { jsonToConvex } from "convex/values";
import { failed } from "./outcome";

/** A class of errors. */
export type ErrorClass = new (message: string) => Error;

/**
 * What a function catches when one that it called has failed: an Error with the text that the
 * platform gives, unredacted; of a ConvexError it is one again, with its data.
 */
export function asCaught(error: unknown): Error {
  const { message, data } = failed(error);
  if (data === undefined) return new Error(message);
  return Object.assign(new (convexErrorOf(error as Error))(message), { data: jsonToConvex(data) });
}

/** The same, as a syscall hands it to the library, which makes the ConvexError of it. */
export function asSyscallFailure(error: unknown): Error {
  const { message, data } = failed(error);
  return Object.assign(new Error(message), data !== undefined && { data });
}

/**
 * The class of a ConvexError, of the library's copy that the functions use: the error's own may be
 * a subclass, which does not survive a call on the platform.
 */
export function convexErrorOf(error: Error): ErrorClass {
  let prototype = Object.getPrototypeOf(error) as Error;
  for (;;) {
    const parent = Object.getPrototypeOf(prototype) as Error;
    if (parent === Error.prototype) return prototype.constructor as ErrorClass;
    prototype = parent;
  }
}
