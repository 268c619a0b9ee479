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
 * Whether the token is one of the keys. How long it takes depends on the token's length and on how
 * many keys there are, never on what they hold: all are compared, each to the token's end.
 */
export function isKnownKey(token: string, keys: string[]): boolean {
  let known = 0;
  for (const key of keys) {
    let difference = token.length ^ key.length;
    for (let index = 0; index < token.length; index++) {
      difference |= token.charCodeAt(index) ^ key.charCodeAt(index % key.length);
    }
    known |= Number(difference === 0);
  }
  return known === 1;
}
