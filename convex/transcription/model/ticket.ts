import { parseKeys } from "./apiKeys.js";
import { TICKET_LIFETIME_SECONDS } from "./limits.js";

/**
 * The right to use the worker's API for one job: `<expiry, epoch seconds>.<base64url>` of
 * HMAC-SHA256 over `ticket.v1\n<jobId>\n<expiry>`, without padding.
 *
 * @param setting `CONVEX_API_KEY`; its first key signs
 * @param now epoch milliseconds
 * @returns `null` when no key is configured
 */
export async function signTicket(
  setting: string | undefined,
  jobId: string,
  now: number,
): Promise<string | null> {
  const [key] = parseKeys(setting);
  if (key === undefined) return null;
  const expiry = Math.floor(now / 1000) + TICKET_LIFETIME_SECONDS;
  const bytes = new TextEncoder();
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const secret = await crypto.subtle.importKey("raw", bytes.encode(key), hmac, false, ["sign"]);
  const message = bytes.encode(`ticket.v1\n${jobId}\n${expiry}`);
  const signature = new Uint8Array(await crypto.subtle.sign("HMAC", secret, message));
  const base64 = btoa(String.fromCharCode(...signature));
  const base64url = base64.replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
  return `${expiry}.${base64url}`;
}
