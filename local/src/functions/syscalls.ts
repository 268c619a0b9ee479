import { AsyncLocalStorage } from "node:async_hooks";
import { jsonToConvex, type JSONValue } from "convex/values";
import { isJSONObject, parseJSON, type JSONObject } from "../json";
import { checkCalled, checkScheduled } from "./callChecks";
import { asSyscallFailure } from "./caught";
import type { Module } from "./loadModules";
import { reasonNotDocument, reasonNotValue } from "./valueLimits";
import { inPlatformWords } from "./words";

/** The interface between functions and the platform, that convex-test implements on `globalThis`. */
interface Syscalls {
  syscall: (op: string, args: string) => string;
  asyncSyscall: (op: string, args: string) => Promise<string>;
  jsSyscall: (op: string, args: unknown) => unknown;
}

const callers = new AsyncLocalStorage<ReadonlyMap<string, Module>>();
const installed = new WeakSet<Syscalls>();

/** A text this short holds nothing that is beyond a limit: 8,192 numbers take more. */
const HARMLESS_LENGTH = 16_384;

/**
 * Runs a function of these modules so that what it asks of the platform is checked, and refused,
 * as there.
 */
export function withPlatformSyscalls<T>(modules: ReadonlyMap<string, Module>, run: () => T): T {
  install();
  return callers.run(modules, run);
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
      const modules = callers.getStore();
      if (modules !== undefined) check(op, args, modules);
      try {
        return await inner.asyncSyscall(op, args);
      } catch (error) {
        throw op === "1.0/runUdf" ? asSyscallFailure(error) : inWords(error);
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
