import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import type { Backend } from "../src/backend";

/** A line between a client and the backend that a test can break. */
export interface Proxy {
  url: string;
  /** Swallows what the backend sends from now on, as a line does that is about to break. */
  mute(): void;
  /** Breaks every connection; new ones work again. */
  cut(): void;
  /** Breaks them once the backend has sent that many bytes more. */
  cutAfter(bytes: number): void;
}

/** A proxy in front of the backend's client API, until the test ends. */
export async function proxyTo(backend: Backend): Promise<Proxy> {
  const pairs = new Set<[Socket, Socket]>();
  let muted = false;
  let left = Infinity;
  const server = createServer((near) => {
    const far = connect(Number(new URL(backend.url).port), "127.0.0.1");
    pairs.add([near, far]);
    near.on("data", (data) => far.write(data)).on("error", () => far.destroy());
    far.on("data", (data) => {
      if (!muted) near.write(data);
      left -= data.length;
      if (left < 0) cut();
    });
    far.on("error", () => near.destroy());
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = (): void => {
    muted = false;
    left = Infinity;
    for (const [near, far] of pairs) {
      near.destroy();
      far.destroy();
    }
    pairs.clear();
  };
  onTestFinished(() => {
    server.close();
    cut();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mute: () => (muted = true),
    cut,
    cutAfter: (bytes) => (left = bytes),
  };
}
