import * as z from "zod/v4/mini";
import { MAX_ISSUES } from "../model/limits.js";
import { isStorable } from "../model/text.js";
import { ENGLISH } from "./english.js";

/** What the JSON Schema of a form says that zod cannot tell of itself; read by `npm run openapi`. */
export const documented = z.registry<Record<string, unknown>>();

/**
 * A string that Convex can store and every language can read, of `min` to `max` UTF-16 code units.
 * zod's own length checks count code points, which would admit twice as much.
 */
export function text(max = Infinity, min = 0) {
  return z
    .string()
    .check(
      z.check<string>((context) => {
        const { value, issues } = context;
        const problem = textProblem(value, min, max);
        if (problem !== null) issues.push({ code: "custom", input: value, message: problem });
      }),
    )
    .register(documented, {
      ...(min > 0 && { minLength: min }),
      ...(max < Infinity && { maxLength: max }),
    });
}

function textProblem(value: string, min: number, max: number): string | null {
  if (value.length < min) return `too short: expected at least ${min} character`;
  if (value.length > max) return `too long: expected at most ${max} characters`;
  return isStorable(value)
    ? null
    : "holds a NUL or half of a surrogate pair; send whole characters";
}

export const nonNegative = z.number().check(z.minimum(0));
export const fraction = z.number().check(z.minimum(0), z.maximum(1));

/** What a JSON object holds: an optional key is there with a value, or it is not there. */
type Exact<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };

/** `null` means absent for every optional field, as Python sends it. */
export function nullIsAbsent<
  Shape extends z.core.$ZodShape,
  Config extends z.core.$ZodObjectConfig,
>(
  object: z.ZodMiniObject<Shape, Config>,
): z.ZodMiniType<Exact<z.output<z.ZodMiniObject<Shape, Config>>>> {
  const optional = Object.keys(object.shape).filter(
    (key) => object.shape[key]?._zod.optin === "optional",
  );
  return z.pipe(
    z.transform((input: unknown) => {
      if (typeof input !== "object" || input === null) return input;
      const fields = input as Record<string, unknown>;
      if (!optional.some((key) => fields[key] === null)) return input;
      return Object.fromEntries(
        Object.entries(fields).filter(([key, value]) => value !== null || !optional.includes(key)),
      );
    }),
    object,
  ) as unknown as z.ZodMiniType<Exact<z.output<z.ZodMiniObject<Shape, Config>>>>;
}

/** What a list becomes: `add` takes one checked element or says what is wrong with it. */
export interface Collection<Item, List> {
  list: List;
  add: (item: Item) => string | null;
}

/**
 * An array that is checked element by element and given up after a few problems: zod alone would
 * keep an issue for each of a million wrong elements, more than the action's memory holds.
 */
export function list<Item, List>(
  item: z.ZodMiniType<Item>,
  collect: () => Collection<Item, List>,
  max = Infinity,
) {
  const list = z.pipe(
    z.custom<unknown[]>((value) => Array.isArray(value), "expected an array"),
    z.transform((input, context) => {
      const collection = collect();
      if (input.length > max) {
        const message = `too many: ${input.length} items, at most ${max} are allowed`;
        context.issues.push({ code: "custom", input: input.length, message });
        return z.NEVER;
      }
      for (const [index, element] of input.entries()) {
        // `error` is read only where there is one, and each issue's message is made there.
        const result = z.safeParse(item, element, ENGLISH);
        // The unchecked element is let go of, so that both copies never exist whole.
        input[index] = undefined;
        const problem = result.success ? collection.add(result.data) : null;
        const issues: Pick<z.core.$ZodIssue, "path" | "message">[] = result.error?.issues ?? [];
        if (problem !== null) issues.push({ path: [], message: problem });
        for (const { path, message } of issues) {
          context.issues.push({ code: "custom", input: null, path: [index, ...path], message });
        }
        if (context.issues.length >= MAX_ISSUES) return z.NEVER;
      }
      return collection.list;
    }),
  );
  return list.register(documented, {
    type: "array",
    items: item,
    ...(max < Infinity && { maxItems: max }),
  });
}

/** The elements as they are. */
export function asArray<Item>(): Collection<Item, Item[]> {
  const items: Item[] = [];
  const add = (item: Item) => {
    items.push(item);
    return null;
  };
  return { list: items, add };
}
