import { WebSocket } from "ws";

/** A constructor of WebSockets that keeps what passes through them. */
export interface TappedSockets {
  Socket: typeof WebSocket;
  /** What Convex sent, as text. */
  received: string[];
  /** Those that were made, open or not. */
  made: WebSocket[];
}

/** @param rewrite changes what a page sends */
export function tapSockets(rewrite: (frame: string) => string = (frame) => frame): TappedSockets {
  const received: string[] = [];
  const made: WebSocket[] = [];
  class TappedSocket extends WebSocket {
    constructor(address: string | URL) {
      super(address);
      made.push(this);
      this.on("message", (data) => received.push((data as Buffer).toString()));
    }

    override send(data: string): void {
      super.send(rewrite(data));
    }
  }
  return { Socket: TappedSocket as unknown as typeof WebSocket, received, made };
}
