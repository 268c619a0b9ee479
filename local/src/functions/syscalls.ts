import { AsyncLocalStorage } from "node:async_hooks";
import { jsonToConvex, type JSONValue } from "convex/values";
import { isJSONObject, parseJSON, type JSONObject } from "../json";
import { checkCalled, checkScheduled } from "./callChecks";
import { asSyscallFailure, convexErrorOf, type ErrorClass } from "./caught";
import type { Module } from "./loadModules";
import { reasonNotDocument, reasonNotValue } from "./valueLimits";
import { inPlatformWords } from "./words";

/** The interface between functions and the platform, that convex-test implements on `globalThis`. */
interface Syscalls {
  syscall: (op: string, args: string) => string;
  asyncSyscall: (op: string, args: string) => Promise<string>;
  jsSyscall: (op: string, args: unknown) => unknown;
}

/** A running function. */
interface Caller {
  modules: ReadonlyMap<string, Module>;
  /** The class of the ConvexErrors that its own library makes, once one has been thrown. */
  convexError?: ErrorClass;
}

const callers = new AsyncLocalStorage<Caller>();
const installed = new WeakSet<Syscalls>();

/** A text this short holds nothing that is beyond a limit: 8,192 numbers take more. */
const HARMLESS_LENGTH = 16_384;

/**
 * Runs a function of these modules so that what it asks of the platform is checked, and refused,
 * as there.
 */
export function withPlatformSyscalls<T>(modules: ReadonlyMap<string, Module>, run: () => T): T {
  install();
  return callers.run({ modules }, run);
}

/**
 * A ConvexError of a call that has failed, of the class that the function knows: the library that
 * makes it of a syscall's failure may be another copy.
 */
export function inOwnClass(error: unknown): unknown {
  const ownClass = callers.getStore()?.convexError;
  if (ownClass === undefined || error instanceof ownClass) return error;
  const { message, data } = error as { message: string; data?: unknown };
  return data === undefined ? error : Object.assign(new ownClass(message), { data });
}

function install(): void {
  const holder = globalThis as { Convex?: Syscalls };
  const inner = holder.Convex;
  if (inner === undefined || installed.has(inner)) return;
  holder.Convex = {
    syscall: (op, args) => {
      try {
        return inner.syscall(op, args);
      } catch (error) {
        throw inWords(error);
      }
    },
    asyncSyscall: async (op, args) => {
      const caller = callers.getStore();
      if (caller !== undefined) check(op, args, caller.modules);
      try {
        return await inner.asyncSyscall(op, args);
      } catch (error) {
        if (op !== "1.0/runUdf") throw inWords(error);
        const failure = asSyscallFailure(error);
        if ("data" in failure && caller) caller.convexError = convexErrorOf(error as Error);
        throw failure;
      }
    },
    jsSyscall: (op, args) => inner.jsSyscall(op, args),
  };
  installed.add(holder.Convex);
}

function inWords(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const message = inPlatformWords(error.message);
  return message === error.message ? error : new Error(message);
}

function check(op: string, json: string, modules: ReadonlyMap<string, Module>): void {
  switch (op) {
    case "1.0/schedule":
    case "1.0/actions/schedule":
      checkNamed(json, modules, checkScheduled);
      return;
    case "1.0/runUdf":
      checkNamed(json, modules, checkCalled);
      return;
    case "1.0/insert":
    case "1.0/replace":
      if (json.length > HARMLESS_LENGTH) {
        refuse(reasonNotDocument(jsonToConvex(valueOf(json))));
      }
      return;
    case "1.0/shallowMerge":
      // How large the document gets is not known here.
      if (json.length > HARMLESS_LENGTH) refuse(reasonNotValue(valueOf(json)));
  }
}

function checkNamed(
  json: string,
  modules: ReadonlyMap<string, Module>,
  checkCall: typeof checkCalled,
): void {
  const { name, args } = objectOf(json);
  // Components' functions are called by reference, and are not here.
  if (typeof name === "string") checkCall(modules, name, jsonToConvex(args ?? {}));
}

function valueOf(json: string): JSONValue {
  return objectOf(json)["value"] ?? {};
}

function objectOf(json: string): JSONObject {
  const parsed = parseJSON(json);
  return isJSONObject(parsed) ? parsed : {};
}

function refuse(reason: string | null): void {
  if (reason !== null) throw new Error(reason);
}
