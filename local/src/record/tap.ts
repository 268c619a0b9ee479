import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** An update as a worker sends it. */
export interface Update {
  jobId: string;
  timestamps?: Record<string, string | number>;
}

/** Stands between the worker and the backend and tells of every update that was taken. */
export async function tap(
  siteUrl: string,
  onTaken: (update: Update) => void,
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
      const text = await answer.text();
      if (answer.ok && request.method === "POST") for (const one of taken(body, text)) onTaken(one);
      response.writeHead(answer.status, Object.fromEntries(answer.headers));
      response.end(text);
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

/** The updates of a request, alone or in a batch, that were taken. */
function taken(body: string, answer: string): Update[] {
  const request = JSON.parse(body) as Update | { updates: Update[] };
  if (!("updates" in request)) return [request];
  const { results } = JSON.parse(answer) as { results: { ok: boolean }[] };
  return request.updates.filter((_, index) => results[index]?.ok === true);
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
