import type { IncomingMessage, ServerResponse } from "node:http";
import path from "node:path";
import { HttpError, targetOf } from "../../local/src/http/exchange";
import { listen } from "../../local/src/http/listen";
import { hasLoopbackHost } from "../../local/src/http/loopback";
import { buildPage, type BuildOptions, type PageFiles } from "./buildPage";
import { openBrowser } from "./openBrowser";
import { answerToken } from "./tokenMiddleware";

/** Where the page is served by default: where Vite serves one. */
export const DEFAULT_PAGE_PORT = 5173;

/** How to serve the page. */
export interface PageOptions extends BuildOptions {
  /** 5173 by default, 0 for any free port. */
  port?: number;
  /** The flag that chooses the port, for the error where it is in use. */
  portFlag?: string;
  /** Makes the tokens that the page signs in with. */
  token: (subject: string) => Promise<string>;
  /** Whether to open the page in the user's browser; false by default. */
  open?: boolean;
}

/** A page that is being served. */
export interface ServedPage {
  /** `http://127.0.0.1:5173` */
  url: string;
  /** Resolves when a page asks for its first token: somebody has opened it. */
  opened: Promise<void>;
  close(): Promise<void>;
}

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
};

/**
 * Builds the page for a deployment and serves it on this machine, signed in by whatever `?user=` it
 * is opened with.
 * @throws Error when the page cannot be built, or the port is in use
 */
export async function servePage(options: PageOptions): Promise<ServedPage> {
  const { port = DEFAULT_PAGE_PORT, portFlag = "--page-port", log, token } = options;
  // Before the build: a port in use is told at once.
  const server = await listen(port, portFlag, log);
  try {
    const files = await buildPage(options);
    let hasOpened = (): void => undefined;
    const opened = new Promise<void>((resolve) => (hasOpened = resolve));
    const issuer = {
      token: async (subject: string) => {
        const made = await token(subject);
        hasOpened();
        return made;
      },
    };
    server.handler = async (request, response) => {
      if (!hasLoopbackHost(request)) {
        throw new HttpError(403, "Forbidden", "This page is for this machine only");
      }
      if (!(await answerToken(request, response, issuer))) sendFile(request, response, files);
    };
    if (options.open === true) openBrowser(server.url);
    return { url: server.url, opened, close: server.close };
  } catch (error) {
    await server.close();
    throw error;
  }
}

function sendFile(request: IncomingMessage, response: ServerResponse, files: PageFiles): void {
  if (request.method !== "GET" && request.method !== "HEAD") {
    throw new HttpError(405, "MethodNotAllowed", "There is only a page to read here");
  }
  const address = targetOf(request)?.pathname ?? "";
  // The page's own paths are all of the one file.
  const name = path.posix.extname(address) === "" ? "/index.html" : address;
  const body = files.get(name);
  if (body === undefined) throw new HttpError(404, "NotFound", "There is no such file");
  response.writeHead(200, {
    "Content-Type": TYPES[path.posix.extname(name)] ?? "application/octet-stream",
    "Content-Length": body.length,
    // The next start may serve another build, with other names.
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
  });
  response.end(request.method === "HEAD" ? undefined : body);
}
