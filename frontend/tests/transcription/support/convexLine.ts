import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { inject, onTestFinished } from "vitest";

/** A request that a server got, with the time of the page's clock. */
export interface Stamped {
  at: number;
  path: string;
}

type Sockets = "open" | "refused";
type Http = "open" | "refused" | "held";

/** The line between a page and Convex, which a test can break in many ways. */
export class ConvexLine {
  url = "";
  sockets: Sockets = "open";
  /** `held`: requests wait until `release`. */
  http: Http = "open";
  /** Also WebSockets that are opened from now on are mute, once they are open. */
  mutesAll = false;
  /** Requests over plain HTTP that asked Convex something, refused ones too. */
  readonly requests: Stamped[] = [];
  /** WebSockets that were asked for, refused ones too. */
  dials = 0;
  /** WebSockets that were let through. */
  opened = 0;
  readonly #pairs = new Set<{ near: Socket; far: Socket; isMute: boolean }>();
  readonly #held: (() => void)[] = [];
  readonly #target = new URL(inject("convexUrl"));
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Opens the line until the test ends. */
  async open(): Promise<this> {
    const server = createServer((near, answer) => {
      this.#onRequest(near, answer);
    });
    server.on("upgrade", (message: IncomingMessage, near: Socket, head: Buffer) => {
      this.#onUpgrade(message, near, head);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    onTestFinished(() => {
      this.#drop();
      server.closeAllConnections();
      server.close();
    });
    return this;
  }

  /** Whether an open WebSocket is mute. */
  get isMute(): boolean {
    return [...this.#pairs].some(({ isMute, near }) => isMute && !near.destroyed);
  }

  /** How many requests wait for `release`. */
  get held(): number {
    return this.#held.length;
  }

  /** Breaks the WebSockets and refuses new ones; plain HTTP stays as it is. */
  cutSockets(): void {
    this.sockets = "refused";
    this.#drop();
  }

  /** Nothing of Convex can be reached. */
  cutAll(): void {
    this.http = "refused";
    this.cutSockets();
  }

  /** Swallows what Convex sends on the WebSockets of now; new ones work. */
  mute(): void {
    for (const pair of this.#pairs) pair.isMute = true;
  }

  /** Everything works again; what waits goes on. */
  mend(): void {
    this.sockets = "open";
    this.http = "open";
    this.release();
  }

  /** Lets held requests through, as late as they are. */
  release(): void {
    for (const go of this.#held.splice(0)) go();
  }

  #drop(): void {
    for (const { near } of this.#pairs) near.destroy();
    this.#pairs.clear();
  }

  #onRequest(near: IncomingMessage, answer: ServerResponse): void {
    const { method = "", url = "", headers } = near;
    if (method !== "OPTIONS") this.requests.push({ at: this.#now(), path: url });
    if (this.http === "refused") {
      near.destroy();
      return;
    }
    const far = request(new URL(url, this.#target), { method, headers }, (response) => {
      const pass = (): void => {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(answer);
      };
      // Convex has answered: what the page gets is as old as this moment.
      if (this.http === "held" && method !== "OPTIONS") this.#held.push(pass);
      else pass();
    });
    far.on("error", () => answer.destroy());
    near.pipe(far);
  }

  #onUpgrade(message: IncomingMessage, near: Socket, head: Buffer): void {
    this.dials += 1;
    if (this.sockets === "refused") {
      near.destroy();
      return;
    }
    this.opened += 1;
    const far = connect(Number(this.#target.port), this.#target.hostname);
    const pair = { near, far, isMute: false };
    this.#pairs.add(pair);
    far.write(headOf(message));
    far.write(head);
    near.on("data", (data) => far.write(data)).on("error", () => far.destroy());
    far.on("data", (data) => {
      if (!pair.isMute) near.write(data);
      // The answer to the upgrade has passed.
      if (this.mutesAll) pair.isMute = true;
    });
    far.on("error", () => near.destroy());
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  }
}

function headOf({ method = "GET", url = "/", rawHeaders }: IncomingMessage): string {
  const lines = [`${method} ${url} HTTP/1.1`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    lines.push(`${rawHeaders[at] ?? ""}: ${rawHeaders[at + 1] ?? ""}`);
  }
  return `${lines.join("\r\n")}\r\n\r\n`;
}
