import type { JSONValue } from "convex/values";

/** A JSON object whose fields are not known yet. */
export type JSONObject = Record<string, JSONValue>;

/** Whether the value is a JSON object: neither `null` nor an array. */
export function isJSONObject(value: JSONValue | undefined): value is JSONObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Parses text from outside.
 * @throws SyntaxError when it is not JSON
 */
export function parseJSON(text: string): JSONValue {
  return JSON.parse(text) as JSONValue;
}
