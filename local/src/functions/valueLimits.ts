import { getConvexSize, type JSONValue, type Value } from "convex/values";
import { filePath } from "./address";
import { formatSize } from "./sizes";

const MAX_ARRAY_LENGTH = 8_192;
const MAX_FIELDS = 1_024;
const MAX_NESTING = 64;
const MAX_ARGUMENTS_BYTES = 16 * 1024 * 1024;
const MAX_DOCUMENT_BYTES = 1024 * 1024;

/** Why the function at this path does not take these arguments; `null` when it may. */
export function reasonNotArguments(path: string, args: Value): string | null {
  // A function's arguments are a list of one object: a level is gone.
  const reason = reasonNotValue(args, 2);
  if (reason !== null) return `Invalid arguments for ${filePath(path)}: ${reason}`;
  const size = sizeOf(args);
  if (size <= MAX_ARGUMENTS_BYTES) return null;
  return (
    `Arguments for ${filePath(path)} are too large ` +
    `(actual: ${formatSize(size)}, limit: ${formatSize(MAX_ARGUMENTS_BYTES)})`
  );
}

/** Why a document may not hold this; `null` when it may. */
export function reasonNotDocument(document: Value): string | null {
  const reason = reasonNotValue(document);
  if (reason !== null) return reason;
  const size = sizeOf(document);
  if (size <= MAX_DOCUMENT_BYTES) return null;
  return `Value is too large (${formatSize(size)} > maximum size ${formatSize(MAX_DOCUMENT_BYTES)})`;
}

/** Why this is no value, or no value in JSON, of the platform; `null` when it is one. */
export function reasonNotValue(value: Value | JSONValue | undefined, level = 1): string | null {
  if (typeof value !== "object" || value === null || value instanceof ArrayBuffer) return null;
  if (level > MAX_NESTING) {
    return (
      `Value is too nested (nested ${MAX_NESTING + 1} levels deep > ` +
      `maximum nesting ${MAX_NESTING})`
    );
  }
  const isList = Array.isArray(value);
  const items = Object.values(value as Record<string, Value | JSONValue | undefined>);
  if (isList && items.length > MAX_ARRAY_LENGTH) {
    return `Array length is too long (${items.length} > maximum length ${MAX_ARRAY_LENGTH})`;
  }
  if (!isList && items.length > MAX_FIELDS) {
    return `Object has too many fields (${items.length} > maximum number ${MAX_FIELDS})`;
  }
  for (const item of items) {
    const reason = reasonNotValue(item, level + 1);
    if (reason !== null) return reason;
  }
  return null;
}

// Of what is no value at all the library says so itself, later.
function sizeOf(value: Value): number {
  try {
    return getConvexSize(value);
  } catch {
    return 0;
  }
}
