import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { HttpError, sendJSON } from "./exchange";

/** Answers a request, or throws an HttpError. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** The only address that the backend listens on: anyone who reaches it may sign in as anyone. */
export const LOOPBACK = "127.0.0.1";

/** A server that answers 503 until its `handler` is set. */
export interface HttpServer {
  server: Server;
  url: string;
  handler: RequestHandler;
  close: () => Promise<void>;
}

/**
 * Listens on a port of this machine, any free one for 0.
 * @throws Error that says so when the port is in use; `option` is the flag that chooses another
 */
export async function listen(
  port: number,
  option: string,
  log: (line: string) => void,
): Promise<HttpServer> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(error.code === "EADDRINUSE" ? portInUse(port, option) : error);
    });
    server.listen(port, LOOPBACK, resolve);
  });
  const listening: HttpServer = {
    server,
    url: `http://${LOOPBACK}:${(server.address() as AddressInfo).port}`,
    handler: () => Promise.reject(new HttpError(503, "Starting", "The backend is starting")),
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
  server.on("request", (request, response) => {
    listening.handler(request, response).catch((error: unknown) => {
      if (request.destroyed && !request.complete) return;
      if (!(error instanceof HttpError)) log(`${request.method ?? ""}: ${String(error)}`);
      if (response.headersSent) response.destroy();
      else if (error instanceof HttpError) {
        sendJSON(response, error.status, { code: error.code, message: error.message });
      } else {
        sendJSON(response, 500, { code: "InternalServerError", message: "Internal server error" });
      }
    });
  });
  return listening;
}

function portInUse(port: number, option: string): Error {
  return new Error(
    `Port ${port} is in use. Stop the program that uses it, or choose another port with ${option}.`,
  );
}
