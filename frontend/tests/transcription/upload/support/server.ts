import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** A request as a server got it. */
export interface Received {
  method: string;
  path: string;
  headers: IncomingMessage["headers"];
  body: string;
}

/** A real HTTP server that answers as a test says. */
export interface TestServer {
  url: string;
  /** All but CORS preflights, once their bodies were in. */
  received: Received[];
}

type Answer = (response: ServerResponse, request: Received, raw: IncomingMessage) => void;

/** Starts a server, until the test ends. `early`: answer before the body has come. */
export async function serve(answer: Answer, { early = false } = {}): Promise<TestServer> {
  const received: Received[] = [];
  const server = createServer((raw, response) => {
    response.setHeader("Access-Control-Allow-Origin", raw.headers.origin ?? "*");
    response.setHeader("Access-Control-Allow-Headers", "Authorization");
    if (raw.method === "OPTIONS") {
      response.writeHead(204).end();
      return;
    }
    const { method = "", url = "", headers } = raw;
    const request: Received = { method, path: url, headers, body: "" };
    received.push(request);
    if (early) {
      answer(response, request, raw);
      return;
    }
    raw.setEncoding("utf8").on("data", (text: string) => (request.body += text));
    raw.on("end", () => {
      answer(response, request, raw);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

/** Answers JSON. */
export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}

/** Refuses as the worker does. */
export function refuse(
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
): void {
  json(response, status, { ok: false, error: { code, message } });
}

/** The address of a server that is gone. */
export async function nobody(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}
