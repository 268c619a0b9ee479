/** The keys of `CONVEX_API_KEY`, the first of which signs tickets. */
export function parseKeys(setting: string | undefined): string[] {
  return (setting ?? "")
    .split(",")
    .map((key) => key.trim())
    .filter((key) => key !== "");
}

/** The token of an `Authorization: Bearer …` header, `null` where there is none. */
export function bearerToken(header: string | null): string | null {
  return /^bearer +(\S.*)$/i.exec(header?.trim() ?? "")?.[1] ?? null;
}

/**
 * Whether the token is one of the keys. Takes the same time for every token: the keys are compared
 * by their digests, each to its end, and all of them.
 */
export async function isKnownKey(token: string, keys: string[]): Promise<boolean> {
  const digest = await sha256(token);
  let known = false;
  for (const key of keys) {
    const expected = await sha256(key);
    let difference = 0;
    for (const [index, byte] of expected.entries()) difference |= byte ^ (digest[index] ?? 0);
    if (difference === 0) known = true;
  }
  return known;
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}
