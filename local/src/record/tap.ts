import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** A worker's request on its way to the backend. */
export interface Tapped {
  path: string;
  body: string;
}

/** Stands between the worker and the backend and tells of every update that was taken. */
export async function tap(
  siteUrl: string,
  onTaken: (request: Tapped) => void,
): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    void (async () => {
      const body = await bodyOf(request);
      const path = request.url ?? "/";
      const answer = await fetch(new URL(path, siteUrl), {
        method: request.method ?? "GET",
        headers: pick(request, ["authorization", "content-type"]),
        ...(body !== "" && { body }),
      });
      if (answer.ok && request.method === "POST") onTaken({ path, body });
      response.writeHead(answer.status, Object.fromEntries(answer.headers));
      response.end(await answer.text());
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function pick(request: IncomingMessage, names: string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = request.headers[name];
      return typeof value === "string" ? [[name, value]] : [];
    }),
  );
}
