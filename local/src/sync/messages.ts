import type { JSONValue } from "convex/values";
import { isJSONObject, parseJSON, type JSONObject } from "../json";

/** One change of a connection's set of subscriptions. */
export type QuerySetChange =
  | { type: "Add"; queryId: number; udfPath: string; args: JSONValue; journal: string | null }
  | { type: "Remove"; queryId: number };

/** What a client sends over the sync WebSocket, checked. `args` is the one object of arguments. */
export type ClientMessage =
  | { type: "Connect"; sessionId: string; clientTs: number | null }
  | { type: "ModifyQuerySet"; baseVersion: number; newVersion: number; changes: QuerySetChange[] }
  | { type: "Mutation" | "Action"; requestId: number; udfPath: string; args: JSONValue }
  | { type: "Authenticate"; baseVersion: number; token: string | null }
  | { type: "Event" };

/** A frame that no well-behaved client sends; its connection is closed. */
export class ProtocolError extends Error {
  override name = "ProtocolError";
}

/**
 * Checks one text frame.
 * @throws ProtocolError which names what is wrong with it
 */
export function parseClientMessage(text: string): ClientMessage {
  let message: JSONValue;
  try {
    message = parseJSON(text);
  } catch {
    throw new ProtocolError("Received Invalid JSON on websocket");
  }
  if (!isJSONObject(message)) throw new ProtocolError("A message must be a JSON object");
  switch (message["type"]) {
    case "Connect":
      return {
        type: "Connect",
        sessionId: uuid(message, "sessionId"),
        clientTs: typeof message["clientTs"] === "number" ? message["clientTs"] : null,
      };
    case "ModifyQuerySet":
      return {
        type: "ModifyQuerySet",
        baseVersion: count(message, "baseVersion"),
        newVersion: count(message, "newVersion"),
        changes: list(message, "modifications").map(querySetChange),
      };
    case "Mutation":
    case "Action":
      return {
        type: message["type"],
        requestId: count(message, "requestId"),
        udfPath: rootPath(message),
        args: oneArgument(message),
      };
    case "Authenticate":
      return {
        type: "Authenticate",
        baseVersion: count(message, "baseVersion"),
        token: token(message),
      };
    case "Event":
      return { type: "Event" };
    default:
      throw new ProtocolError("Unknown message type");
  }
}

function querySetChange(change: JSONValue): QuerySetChange {
  if (!isJSONObject(change)) throw new ProtocolError("A modification must be an object");
  const queryId = count(change, "queryId");
  if (change["type"] === "Remove") return { type: "Remove", queryId };
  if (change["type"] !== "Add") throw new ProtocolError("Unknown modification type");
  const journal = change["journal"] ?? null;
  if (journal !== null && typeof journal !== "string") throw wrong("journal", "a string or null");
  return { type: "Add", queryId, udfPath: rootPath(change), args: oneArgument(change), journal };
}

function token(message: JSONObject): string | null {
  switch (message["tokenType"]) {
    case "None":
      return null;
    case "User":
      return text(message, "value");
    default:
      throw new ProtocolError("tokenType must be None or User: there is no admin key here");
  }
}

function rootPath(message: JSONObject): string {
  if (typeof message["componentPath"] === "string" && message["componentPath"] !== "") {
    throw new ProtocolError("Clients can call functions of the app only, not of its components");
  }
  return text(message, "udfPath");
}

function oneArgument(message: JSONObject): JSONValue {
  const args = list(message, "args");
  if (args.length > 1 || (args.length === 1 && !isJSONObject(args[0]))) {
    throw wrong("args", "an array with one object");
  }
  return args[0] ?? {};
}

function text(message: JSONObject, field: string): string {
  const value = message[field];
  if (typeof value !== "string") throw wrong(field, "a string");
  return value;
}

function uuid(message: JSONObject, field: string): string {
  const value = text(message, field);
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)) throw wrong(field, "a UUID");
  return value;
}

function count(message: JSONObject, field: string): number {
  const value = message[field];
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw wrong(field, "an integer from 0");
  }
  return value;
}

function list(message: JSONObject, field: string): JSONValue[] {
  const value = message[field];
  if (!Array.isArray(value)) throw wrong(field, "an array");
  return value;
}

function wrong(field: string, expected: string): ProtocolError {
  return new ProtocolError(`${field} must be ${expected}`);
}
