import { randomUUID } from "node:crypto";
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";
import type { Backend } from "../src/backend";
import { eventually } from "./support";

/** A frame of the server, as far as tests look at it. */
export interface Frame {
  type: string;
  modifications?: { type: string; queryId: number; value?: unknown; journal?: string | null }[];
  endVersion?: { querySet: number; identity: number; ts: string };
  [field: string]: unknown;
}

/** A client without any manners: it sends what it is told and keeps every frame that comes. */
export class RawClient {
  readonly frames: Frame[] = [];
  closed: { code: number; reason: string } | null = null;
  readonly socket: WebSocket;
  #querySet = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data: Buffer) => this.frames.push(JSON.parse(data.toString()) as Frame));
    socket.on("close", (code, reason) => (this.closed = { code, reason: reason.toString() }));
    socket.on("error", () => undefined);
  }

  /** An open socket, on which nothing was said yet; it lasts until the test ends. */
  static async open(backend: Backend, path = "/api/1.0.0/sync"): Promise<RawClient> {
    const socket = new WebSocket(backend.url.replace("http", "ws") + path);
    const client = new RawClient(socket);
    onTestFinished(() => {
      socket.terminate();
    });
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    return client;
  }

  /** An open socket whose client has introduced itself. */
  static async connected(backend: Backend, sessionId = randomUUID()): Promise<RawClient> {
    const client = await RawClient.open(backend);
    client.send({ type: "Connect", sessionId, connectionCount: 0, lastCloseReason: null });
    return client;
  }

  send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  subscribe(queryId: number, udfPath: string, args: object = {}, journal?: string): void {
    this.modify({ type: "Add", queryId, udfPath, args: [args], journal });
  }

  modify(...modifications: object[]): void {
    const baseVersion = this.#querySet++;
    this.send({ type: "ModifyQuerySet", baseVersion, newVersion: this.#querySet, modifications });
  }

  mutate(requestId: number, udfPath: string, args: object = {}): void {
    this.send({ type: "Mutation", requestId, udfPath, args: [args] });
  }

  /** The frames of a type, once there are that many. */
  async received(type: string, count = 1): Promise<Frame[]> {
    const frames = () => this.frames.filter((frame) => frame.type === type);
    await eventually(() => {
      if (frames().length < count) throw new Error(`${frames().length} of ${count} ${type} frames`);
    });
    return frames();
  }

  /** How the connection was closed, once it is. */
  async end(): Promise<{ code: number; reason: string }> {
    await eventually(() => {
      if (this.closed === null) throw new Error("The connection is still open");
    });
    return this.closed ?? { code: 0, reason: "" };
  }
}
