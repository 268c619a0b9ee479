import type { FunctionKind } from "./outcome";

/** Whatever runs a function: its context and arguments are convex-test's business. */
export type Handler = (ctx: unknown, args: unknown) => unknown;

/** A function as `query()`, `mutation()`, `action()` or `httpAction()` of convex/server registers it. */
export interface RegisteredFunction {
  isQuery?: boolean;
  isMutation?: boolean;
  isAction?: boolean;
  isHttp?: boolean;
  isPublic?: boolean;
  /** Its validators as JSON; HTTP actions have none. */
  exportArgs?: () => string;
  exportReturns?: () => string;
  _handler: Handler;
}

/** Whether a module's export is a function registered with Convex. */
export function isRegistered(value: unknown): value is RegisteredFunction {
  return (
    (typeof value === "function" || (typeof value === "object" && value !== null)) &&
    "_handler" in value &&
    typeof value._handler === "function"
  );
}

/** What kind of function it is; `null` for an HTTP action, which only the router calls. */
export function kindOf(registered: RegisteredFunction): FunctionKind | null {
  if (registered.isQuery === true) return "query";
  if (registered.isMutation === true) return "mutation";
  if (registered.isAction === true) return "action";
  return null;
}
