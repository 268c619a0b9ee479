import { AsyncLocalStorage } from "node:async_hooks";
import { convexTest } from "convex-test";
import {
  makeFunctionReference,
  type GenericSchema,
  type HttpRouter,
  type SchemaDefinition,
} from "convex/server";
import { jsonToConvex, type JSONValue, type Value } from "convex/values";
import type { User } from "../auth/user";
import { CommitClock } from "../clock";
import {
  filePath,
  normalisePath,
  publicKindOf,
  reasonNotCallable,
  registeredAt,
  shortPath,
} from "./address";
import { functionConsole } from "./functionConsole";
import { instrumentModule, instrumentRouter, type FunctionHooks } from "./instrument";
import type { LoadedModules, Module } from "./loadModules";
import { describe, failed, refused, succeeded, type FunctionKind, type Outcome } from "./outcome";
import { reasonNotArguments } from "./valueLimits";

type Root = ReturnType<typeof convexTest<GenericSchema>>;
type Caller = ReturnType<Root["withIdentity"]>;
type Arguments = Record<string, Value>;

/** A public query that a client asks for. */
export interface QueryRequest {
  path: string;
  args: JSONValue;
  user: User | null;
}

/** What a mutation came to and, when it was committed, at which timestamp. */
export interface MutationResult {
  outcome: Outcome;
  timestamp: bigint;
}

/** Runs queries one after the other in one transaction, so that all of them see the same data. */
export type SnapshotReader = (request: QueryRequest) => Promise<Outcome>;

/** One deployment's functions and data, on convex-test. */
export class Deployment {
  readonly clock = new CommitClock();
  /** Called, outside of any function's context, after a mutation has run. */
  onCommit: () => void = () => undefined;

  #commits = 0;
  readonly #modules: ReadonlyMap<string, Module>;
  readonly #root: Root;
  readonly #callers = new WeakMap<User, Caller>();
  readonly #log: (line: string) => void;
  readonly #mutationTimestamp = new AsyncLocalStorage<{ timestamp: bigint }>();
  // Code that a function's end sets off must not take over that function's transaction.
  readonly #outside = AsyncLocalStorage.snapshot();

  constructor(loaded: LoadedModules, log: (line: string) => void) {
    this.#modules = loaded.functions;
    // A `log` that writes to `console` must not get the function's own.
    this.#log = (line) => {
      this.#outside(log, line);
    };
    this.#root = convexTest({
      schema: loaded.schema as SchemaDefinition<GenericSchema, boolean>,
      modules: this.#instrumentedModules(loaded.functions),
      transactionLimits: true,
    });
  }

  /** How many mutations have run: results read at the same count are equal. */
  get commits(): number {
    return this.#commits;
  }

  /** Runs a public query in a transaction of its own. */
  async query(request: QueryRequest): Promise<Outcome> {
    return this.#call("query", request.path, request.args, (path, args) =>
      this.#callerOf(request.user).query(makeFunctionReference<"query">(path), args),
    );
  }

  /** Runs a public mutation. */
  async mutation(path: string, args: JSONValue, user: User | null): Promise<MutationResult> {
    const committed = { timestamp: this.clock.next() };
    const outcome = await this.#mutationTimestamp.run(committed, () =>
      this.#call("mutation", path, args, (name, values) =>
        this.#callerOf(user).mutation(makeFunctionReference<"mutation">(name), values),
      ),
    );
    return { outcome, timestamp: committed.timestamp };
  }

  /** Runs a public action. */
  async action(path: string, args: JSONValue, user: User | null): Promise<Outcome> {
    return this.#call("action", path, args, (name, values) =>
      this.#callerOf(user).action(makeFunctionReference<"action">(name), values),
    );
  }

  /** Runs the public function of that path, whatever its kind. */
  async any(udfPath: string, args: JSONValue, user: User | null): Promise<Outcome> {
    const path = normalisePath(udfPath);
    switch (publicKindOf(this.#modules, path)) {
      case "query":
        return this.query({ path, args, user });
      case "mutation":
        return (await this.mutation(path, args, user)).outcome;
      case "action":
        return this.action(path, args, user);
      case null:
        return refused(
          `Could not find function for '${shortPath(path)}'. ` +
            "Did you forget to run `npx convex dev`?",
        );
    }
  }

  /** Runs an HTTP action, or answers 404 as a deployment does when no route matches. */
  async fetch(path: string, init: RequestInit, user: User | null): Promise<Response> {
    if (this.#modules.get("http")?.["default"] === undefined) {
      const text = "This Convex deployment does not have HTTP actions enabled.";
      return new Response(text, { status: 404 });
    }
    return this.#callerOf(user).fetch(path, init);
  }

  /** Runs any function that a cron names, internal ones too. */
  async runScheduled(path: string, args: JSONValue): Promise<void> {
    const name = normalisePath(path);
    const values = jsonToConvex(args) as Arguments;
    if (registeredAt(this.#modules, name)?.isAction === true) {
      await this.#root.action(makeFunctionReference<"action">(name), values);
    } else {
      await this.#root.mutation(makeFunctionReference<"mutation">(name), values);
    }
  }

  /** Calls `read` while no mutation can run: everything it reads is of one moment. */
  async snapshot(read: (reader: SnapshotReader) => Promise<void>): Promise<void> {
    await this.#root.query(async () => {
      await read((request) => this.query(request));
    });
  }

  /** Runs code with a plain writer on the database, in one transaction. */
  get run(): Root["run"] {
    return this.#root.run;
  }

  async #call(
    kind: FunctionKind,
    udfPath: string,
    args: JSONValue,
    run: (path: string, args: Arguments) => Promise<unknown>,
  ): Promise<Outcome> {
    const path = normalisePath(udfPath);
    const reason = reasonNotCallable(this.#modules, path, kind);
    if (reason !== null) return refused(reason);
    let values: Value;
    try {
      values = jsonToConvex(args);
    } catch (error) {
      return refused(`Invalid arguments for ${filePath(path)}: ${describe(error)}`);
    }
    if (!isArguments(values)) {
      return refused(`Invalid arguments for ${filePath(path)}: they must be one object`);
    }
    const reasonNot = reasonNotArguments(path, values);
    if (reasonNot !== null) return refused(reasonNot);
    try {
      return succeeded(await run(path, values));
    } catch (error) {
      return failed(error);
    }
  }

  #callerOf(user: User | null): Caller {
    if (user === null) return this.#root;
    let caller = this.#callers.get(user);
    if (caller === undefined) {
      caller = this.#root.withIdentity(user.identity);
      this.#callers.set(user, caller);
    }
    return caller;
  }

  #instrumentedModules(
    functions: ReadonlyMap<string, Module>,
  ): Record<string, () => Promise<Module>> {
    const hooks: FunctionHooks = {
      mutationReturned: () => {
        this.#commits += 1;
        const committed = this.#mutationTimestamp.getStore();
        if (committed !== undefined) committed.timestamp = this.clock.next();
        this.#outside(() => {
          this.onCommit();
        });
      },
      modules: functions,
      consoleFor: (name) => functionConsole(name, this.#log),
    };
    // convex-test takes the folder that holds `_generated` for the root.
    const modules: Record<string, () => Promise<Module>> = {
      "/convex/_generated/api.js": () => Promise.resolve({}),
    };
    for (const [path, module] of functions) {
      const instrumented = { ...instrumentModule(path, module, hooks) };
      if (path === "http" && module["default"] !== undefined) {
        instrumented["default"] = instrumentRouter(module["default"] as HttpRouter, hooks);
      }
      modules[`/convex/${path}.ts`] = () => Promise.resolve(instrumented);
    }
    return modules;
  }

  /** Writes an error that no client is told of. */
  report(what: string, error: unknown): void {
    this.#log(`${what}: ${describe(error)}`);
  }
}

function isArguments(value: Value): value is Arguments {
  const isObject = typeof value === "object" && value !== null;
  return isObject && !Array.isArray(value) && !(value instanceof ArrayBuffer);
}
