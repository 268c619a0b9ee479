import type { IncomingMessage } from "node:http";

/** Whether an origin (`http://localhost:5173`) is of this machine. */
export function isLoopback(origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { hostname } = new URL(origin);
  return (
    hostname === "localhost" ||
    hostname.endsWith(".localhost") ||
    hostname === "[::1]" ||
    /^127(\.\d+){3}$/.test(hostname)
  );
}

/**
 * Whether a request names this machine as its host: a foreign page may have a name of its own that
 * points here.
 */
export function hasLoopbackHost({ headers }: IncomingMessage): boolean {
  return isLoopback(`http://${headers.host ?? ""}`);
}
