import { PROVIDER_TIMEOUT_MS } from "../limits";

/**
 * What a provider answers.
 * @throws Error when it does not, or answers something else than JSON
 */
export async function fetchJSON(url: string): Promise<unknown> {
  const response = await fetch(url, { signal: AbortSignal.timeout(PROVIDER_TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.json();
}
