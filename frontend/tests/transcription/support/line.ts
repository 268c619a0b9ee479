import { createServer, request, type IncomingMessage } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { inject, onTestFinished } from "vitest";

/** The line between a page and Convex, which a test can break. */
export interface Line {
  url: string;
  /** Requests over plain HTTP, the sync WebSocket not counted: `/api/query` and so on. */
  requests: string[];
  /** How many WebSockets have been opened. */
  opened: () => number;
  /** Breaks the WebSockets and lets no new ones through; plain HTTP works. */
  cut: () => void;
  /** Lets WebSockets through again. */
  mend: () => void;
  /** Swallows what Convex sends on the WebSockets that are open now; new ones work. */
  mute: () => void;
}

/** A proxy in front of the backend, until the test ends. */
export async function lineToConvex({ isCut = false } = {}): Promise<Line> {
  const target = new URL(inject("convexUrl"));
  const requests: string[] = [];
  const pairs = new Set<{ near: Socket; far: Socket; isMute: boolean }>();
  let opened = 0;
  const server = createServer((near, answer) => {
    requests.push(near.url ?? "");
    const { method, headers, url } = near;
    const far = request(new URL(url ?? "", target), { method, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    far.on("error", () => answer.destroy());
    near.pipe(far);
  });
  server.on("upgrade", (message: IncomingMessage, near: Socket, head: Buffer) => {
    if (isCut) {
      near.destroy();
      return;
    }
    opened += 1;
    const far = connect(Number(target.port), target.hostname);
    const pair = { near, far, isMute: false };
    pairs.add(pair);
    far.write(headOf(message));
    far.write(head);
    near.on("data", (data) => far.write(data)).on("error", () => far.destroy());
    far.on("data", (data) => pair.isMute || near.write(data)).on("error", () => near.destroy());
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const drop = (): void => {
    for (const { near } of pairs) near.destroy();
    pairs.clear();
  };
  onTestFinished(() => {
    drop();
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    opened: () => opened,
    cut: () => {
      isCut = true;
      drop();
    },
    mend: () => {
      isCut = false;
    },
    mute: () => {
      for (const pair of pairs) pair.isMute = true;
    },
  };
}

function headOf({ method = "GET", url = "/", rawHeaders }: IncomingMessage): string {
  const lines = [`${method} ${url} HTTP/1.1`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    lines.push(`${rawHeaders[at] ?? ""}: ${rawHeaders[at + 1] ?? ""}`);
  }
  return `${lines.join("\r\n")}\r\n\r\n`;
}
