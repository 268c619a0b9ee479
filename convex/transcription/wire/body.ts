import { Refusal } from "../model/errors.js";
import { MAX_BODY_BYTES, MAX_BODY_CONTAINERS, MAX_OBJECT_KEYS } from "../model/limits.js";

/** @throws Refusal `unsupported_media_type` unless the body is JSON in UTF-8 */
export function checkContentType(header: string | null): void {
  const [type = "", ...parameters] = (header ?? "").split(";").map((part) => part.trim());
  const charset = parameters.find((parameter) => /^charset\s*=/i.test(parameter));
  const isJson = type.toLowerCase() === "application/json";
  if (isJson && (charset === undefined || /^charset\s*=\s*"?utf-?8"?$/i.test(charset))) return;
  throw new Refusal(
    "unsupported_media_type",
    "Send Content-Type: application/json, with charset=utf-8 or none.",
  );
}

/**
 * The body's bytes. `Content-Length` may be missing or wrong; reading stops where the limit is.
 * @throws Refusal `payload_too_large`, or `unavailable` where the sender broke off
 */
export async function readBody(request: Request): Promise<Uint8Array> {
  if (Number(request.headers.get("Content-Length") ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  if (request.body === null) return new Uint8Array();
  const reader = request.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw new Refusal("unavailable", "The body broke off. Nothing was changed; send it again.");
    });
    if (done) break;
    length += value.byteLength;
    if (length > MAX_BODY_BYTES) {
      await reader.cancel();
      throw tooLarge();
    }
    chunks.push(value);
  }
  const [first] = chunks;
  if (chunks.length === 1 && first !== undefined) return first;
  const body = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return body;
}

/**
 * The body as a JSON value. A byte order mark is skipped; of duplicate keys the last wins.
 * @throws Refusal `invalid_json`, or `payload_too_large` where parsing would take too much memory
 */
export function parseJson(body: Uint8Array): unknown {
  checkStructure(body);
  const text = decode(body);
  if (text === null) throw invalidJson("it holds bytes that are not valid UTF-8.");
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    // V8 quotes the text around the error, which may be a transcript; only the place is told.
    const position = /at position \d+|end of JSON input/i.exec(String(error))?.[0];
    throw invalidJson(
      position === undefined ? "it is not valid JSON." : `it is not valid JSON (${position}).`,
    );
  }
}

/** The text of UTF-8 bytes, `null` where they are none. A fatal decoder throws; Convex's gives `undefined`. */
function decode(body: Uint8Array): string | null {
  try {
    const text: unknown = new TextDecoder("utf-8", { fatal: true }).decode(body);
    return typeof text === "string" ? text : null;
  } catch {
    return null;
  }
}

function invalidJson(reason: string): Refusal {
  return new Refusal("invalid_json", `The body must be one JSON object in UTF-8: ${reason}`);
}

const [QUOTE, BACKSLASH, COLON] = [0x22, 0x5c, 0x3a];
const [OPEN_BRACE, OPEN_BRACKET, CLOSE_BRACE, CLOSE_BRACKET] = [0x7b, 0x5b, 0x7d, 0x5d];

/**
 * Counts objects, arrays and keys before anything is parsed. Bytes of a parsed body depend on its
 * structure more than on its length: `[[],[],…` grows by fifteen times, an object of half a
 * million keys by more, and either would end the whole action instead of one request.
 */
function checkStructure(body: Uint8Array): void {
  let containers = 0;
  let inString = false;
  const keys: number[] = [];
  for (let index = 0; index < body.length; index++) {
    const byte = body[index];
    if (inString) {
      if (byte === BACKSLASH) index++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) {
      inString = true;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      keys.push(0);
      if (++containers > MAX_BODY_CONTAINERS) {
        throw tooComplex(`${MAX_BODY_CONTAINERS} objects and arrays`);
      }
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      keys.pop();
    } else if (byte === COLON) {
      const count = (keys[keys.length - 1] ?? 0) + 1;
      keys[Math.max(0, keys.length - 1)] = count;
      if (count > MAX_OBJECT_KEYS) throw tooComplex(`${MAX_OBJECT_KEYS} keys in one object`);
    }
  }
}

function tooLarge(): Refusal {
  return new Refusal(
    "payload_too_large",
    "The body may take 4 MiB. Send a longer transcript as live `segments`, then `completed` " +
      "with a `result` that has neither `segments` nor `text`.",
  );
}

function tooComplex(limit: string): Refusal {
  return new Refusal("payload_too_large", `The body may hold at most ${limit}.`);
}
