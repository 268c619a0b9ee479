import {
  getFunctionAddress,
  type FunctionReference,
  type FunctionType,
  type HttpRouter,
  type PublicHttpAction,
} from "convex/server";
import type { Value } from "convex/values";
import { checkCalled } from "./callChecks";
import { asCaught } from "./caught";
import type { Module } from "./loadModules";
import { withPlatformGlobals } from "./globals";
import { isRegistered, kindOf, type Handler, type RegisteredFunction } from "./registered";
import { inOwnClass, withPlatformSyscalls } from "./syscalls";

/** What the backend wants to know of the functions it runs. */
export interface FunctionHooks {
  /** A mutation's handler has returned; its transaction commits before anything else can run. */
  mutationReturned: () => void;
  /** The modules whose functions can be called and scheduled. */
  modules: ReadonlyMap<string, Module>;
  /** The `console` that the function of this name writes to. */
  consoleFor: (name: string) => Console;
}

/**
 * A copy of the module whose functions report to the hooks. The original is left as it is: another
 * backend in the same process may use it too.
 */
export function instrumentModule(path: string, module: Module, hooks: FunctionHooks): Module {
  return Object.fromEntries(
    Object.entries(module).map(([name, value]) => [
      name,
      isRegistered(value) ? instrument(value, `${path}:${name}`, hooks) : value,
    ]),
  );
}

/** The router, with each HTTP action it finds reporting to the hooks. */
export function instrumentRouter(router: HttpRouter, hooks: FunctionHooks): HttpRouter {
  const instrumented = new Map<string, PublicHttpAction>();
  const lookup: HttpRouter["lookup"] = (path, method) => {
    const found = router.lookup(path, method);
    if (found === null || !isRegistered(found[0])) return found;
    const route = `${found[1]} ${found[2]}`;
    const action =
      instrumented.get(route) ??
      (instrument(found[0], route, hooks) as RegisteredFunction & PublicHttpAction);
    instrumented.set(route, action);
    return [action, found[1], found[2]];
  };
  return Object.assign(Object.create(router) as HttpRouter, { lookup });
}

function instrument(
  registered: RegisteredFunction,
  name: string,
  hooks: FunctionHooks,
): RegisteredFunction {
  const ownConsole = hooks.consoleFor(`${(kindOf(registered) ?? "http").toUpperCase()} ${name}`);
  const original = registered._handler;
  // An action or HTTP action: convex-test lets those call others without a syscall.
  const isAction = registered.isQuery !== true && registered.isMutation !== true;
  const handler: Handler = async (ctx, args) => {
    // convex-test gives each call globals of its own, so this console is seen by this call alone.
    globalThis.console = ownConsole;
    const result = await withPlatformGlobals(() =>
      withPlatformSyscalls(hooks.modules, () =>
        original(isAction ? inAction(ctx, hooks.modules) : inTransaction(ctx), args),
      ),
    );
    if (registered.isMutation === true) hooks.mutationReturned();
    return result;
  };
  return {
    ...registered,
    _handler: handler,
    // convex-test asks for them at every call, and writing them takes longer than a small query.
    ...(registered.exportArgs && { exportArgs: once(registered.exportArgs) }),
    ...(registered.exportReturns && { exportReturns: once(registered.exportReturns) }),
  };
}

type Reference = FunctionReference<FunctionType>;
type Call = (reference: Reference, args?: object, ...rest: unknown[]) => Promise<unknown>;
type Calls = Partial<Record<"runQuery" | "runMutation" | "runAction", Call>>;

/** An action's context, whose calls of functions are checked, and fail, as on the platform. */
function inAction(ctx: unknown, modules: ReadonlyMap<string, Module>): unknown {
  return withCalls(ctx as Calls, (call) => async (reference, args, ...rest) => {
    const { name } = getFunctionAddress(reference) as { name?: string };
    if (name !== undefined) checkCalled(modules, name, (args ?? {}) as Value);
    try {
      return await call(reference, args, ...rest);
    } catch (error) {
      throw asCaught(error);
    }
  });
}

/** A query's or mutation's context; its calls are syscalls, which are checked there. */
function inTransaction(ctx: unknown): unknown {
  return withCalls(ctx as Calls, (call) => async (...args) => {
    try {
      return await call(...args);
    } catch (error) {
      throw inOwnClass(error);
    }
  });
}

function withCalls(ctx: Calls, wrap: (call: Call) => Call): Calls {
  const calls: Calls = {};
  for (const name of ["runQuery", "runMutation", "runAction"] as const) {
    const call = ctx[name];
    if (call !== undefined) calls[name] = wrap(call);
  }
  return { ...ctx, ...calls };
}

function once(make: () => string): () => string {
  let made: string | undefined;
  return () => (made ??= make());
}
