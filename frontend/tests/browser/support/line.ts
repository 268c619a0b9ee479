import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/**
 * What a line does, also with the connections that are there already:
 * - `ok`: carries everything;
 * - `no-websockets`: breaks WebSockets and carries plain HTTP;
 * - `cut`: breaks everything.
 */
export type LineMode = "ok" | "no-websockets" | "cut";

interface Connection {
  near: Socket;
  far: Socket;
  isWebSocket: boolean;
  isMuted: boolean;
  /** Bytes that came from the near side. */
  sent: number;
}

const UPGRADE = /^upgrade:\s*websocket/im;

/** A TCP line from a client to a server of this machine that a test can break and mend. */
export class Line {
  readonly url: string;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  #target: string | null = null;
  #mode: LineMode = "ok";
  #holdAfter = Infinity;

  /** A line on a free port; connections are refused until it leads somewhere. */
  static async open(): Promise<Line> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Line(server);
  }

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("connection", (near) => {
      this.#accept(near);
    });
  }

  /** Where new connections lead to, such as `http://127.0.0.1:3210`. */
  leadTo(url: string): void {
    this.#target = url;
  }

  set(mode: LineMode): void {
    this.#mode = mode;
    for (const connection of this.#connections) this.#breakIfUnwanted(connection);
  }

  /**
   * Swallows whatever the far side sends on the WebSockets that are there now, as a network does
   * that has forgotten them. New ones work.
   */
  mute(): void {
    for (const connection of this.#connections) connection.isMuted = connection.isWebSocket;
  }

  /** Takes no more than so many bytes from each connection, until `Infinity` lets them go on. */
  holdAfter(bytes: number): void {
    this.#holdAfter = bytes;
    for (const connection of this.#connections) {
      if (connection.sent < bytes) connection.near.resume();
    }
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.set("cut");
    await closed;
  }

  #accept(near: Socket): void {
    if (this.#target === null || this.#mode === "cut") {
      near.destroy();
      return;
    }
    const far = connect(Number(new URL(this.#target).port), "127.0.0.1");
    const connection: Connection = { near, far, isWebSocket: false, isMuted: false, sent: 0 };
    this.#connections.add(connection);
    near.once("data", (head: Buffer) => {
      // A browser's request begins with its whole head, and a WebSocket has a connection of its own.
      connection.isWebSocket = UPGRADE.test(head.toString("latin1"));
      this.#breakIfUnwanted(connection);
    });
    near.on("data", (data: Buffer) => {
      far.write(data);
      connection.sent += data.length;
      if (connection.sent >= this.#holdAfter) near.pause();
    });
    far.on("data", (data) => connection.isMuted || near.write(data));
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on("error", () => undefined);
      from.on("end", () => to.end());
      from.on("close", (hasFailed) => {
        this.#connections.delete(connection);
        // What is on its way to the other side still arrives, as it does without a line.
        if (hasFailed) to.destroy();
        else to.end();
      });
    }
  }

  #breakIfUnwanted(connection: Connection): void {
    const { isWebSocket } = connection;
    if (this.#mode === "cut" || (this.#mode === "no-websockets" && isWebSocket)) {
      this.#break(connection);
    }
  }

  #break(connection: Connection): void {
    this.#connections.delete(connection);
    connection.near.destroy();
    connection.far.destroy();
  }
}
