import http from "../../convex/http";
import { KEY } from "./backend";

type Handler = (ctx: object, request: Request) => Promise<Response>;

/** The handler of a route, to be called with a context of the test's own. */
export function handlerOf(path: string, method: "POST"): Handler {
  const [action] = http.lookup(path, method) ?? [];
  return (action as unknown as { _handler: Handler })._handler;
}

/** A worker's request to a path. */
export function requestTo(path: string, body: object): Request {
  return new Request(`https://deployment.example${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${KEY}` },
    body: JSON.stringify(body),
  });
}
