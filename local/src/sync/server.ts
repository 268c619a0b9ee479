import type { Server } from "node:http";
import { WebSocketServer } from "ws";
import { MAX_MESSAGE_BYTES, PING_INTERVAL_MS } from "../limits";
import { takesChunks } from "./chunks";
import { Connection, type SyncServices } from "./connection";

const SYNC_PATH = /^\/api\/(?:[^/?]+\/)?sync(?:\?|$)/;
const GOING_AWAY = 1001;

/** The sync WebSocket. */
export interface SyncServer {
  /** Tells the clients that the server is going away, and closes their connections. */
  close(): Promise<void>;
}

/** Serves the sync protocol on `/api/<version>/sync` and `/api/sync`. */
export function serveSync(server: Server, services: SyncServices): SyncServer {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  const connections = new Set<Connection>();

  server.on("upgrade", (request, socket, head) => {
    if (!SYNC_PATH.test(request.url ?? "")) {
      socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = new Connection(webSocket, services, takesChunks(request));
      connections.add(connection);
      webSocket.on("close", () => connections.delete(connection));
    });
  });

  const pings = setInterval(() => {
    for (const connection of connections) connection.ping();
  }, PING_INTERVAL_MS);

  return {
    async close() {
      clearInterval(pings);
      for (const webSocket of sockets.clients) webSocket.close(GOING_AWAY, "Shutting down");
      const closed = new Promise((resolve) => {
        sockets.close(resolve);
      });
      // A client that does not answer the close must not hold up the shutdown.
      const impatience = setTimeout(() => {
        for (const webSocket of sockets.clients) webSocket.terminate();
      }, 500);
      await closed;
      clearTimeout(impatience);
    },
  };
}
