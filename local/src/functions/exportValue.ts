import { jsonToConvex, type JSONValue, type Value } from "convex/values";

/** How a caller wants values: with their types (published clients), or as plain JSON (`curl`). */
export type ValueFormat = "convex_encoded_json" | "json";

const FORMATS: ReadonlyMap<string, ValueFormat> = new Map([
  ["convex_encoded_json", "convex_encoded_json"],
  ["convex_json", "convex_encoded_json"],
  ["json", "json"],
  ["convex_clean_json", "json"],
]);

/** The format of this name, plain JSON where none is asked for; `null` for an unknown one. */
export function formatOf(name: JSONValue | undefined): ValueFormat | null {
  if (name === undefined || name === null) return "json";
  return typeof name === "string" ? (FORMATS.get(name) ?? null) : null;
}

/** A value of Convex's JSON encoding in the format. */
export function exportValue(encoded: JSONValue, format: ValueFormat): JSONValue {
  return format === "json" ? plain(jsonToConvex(encoded)) : encoded;
}

// Lossy, as on the platform: a big integer and a string look the same.
function plain(value: Value): JSONValue {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (value instanceof ArrayBuffer) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [key, plain(field as Value)]),
  );
}
