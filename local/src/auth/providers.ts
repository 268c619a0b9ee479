import type { AuthConfig } from "convex/server";
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from "jose";
import { PROVIDER_TIMEOUT_MS } from "../limits";

/** Who may issue tokens, with what is needed to check them. */
export interface Provider {
  issuer: string;
  /** The `aud` that a token must have; `null` when any will do. */
  audience: string | null;
  algorithms: string[];
  /** As a deployment names it when no provider matches. */
  description: string;
  /** Finds the key of a token; fetches the key set once. */
  keys: () => Promise<JWTVerifyGetKey>;
}

/**
 * The providers of `convex/auth.config.ts`; none when there is no such file.
 * @throws Error when it has no list of providers
 */
export function configuredProviders(authConfig: unknown): Provider[] {
  if (authConfig === undefined) return [];
  const { providers } = authConfig as Partial<AuthConfig>;
  if (!Array.isArray(providers)) throw new Error("auth.config.ts must export { providers: [...] }");
  return providers.map((provider) => {
    if ("type" in provider) {
      const { issuer, jwks, algorithm, applicationID = null } = provider;
      const description = `CustomJWT(issuer=${issuer}, app_id=${applicationID ?? ""})`;
      const keys = once(() => keySet(jwks));
      return { issuer, audience: applicationID, algorithms: [algorithm], description, keys };
    }
    const { domain, applicationID } = provider;
    const issuer = /^https?:\/\//.test(domain) ? domain : `https://${domain}`;
    return {
      issuer,
      audience: applicationID,
      algorithms: ["RS256", "ES256", "EdDSA"],
      description: `OIDC(domain=${domain}, app_id=${applicationID})`,
      keys: once(() => discoverKeys(issuer)),
    };
  });
}

/** Whether two issuers are the same one: a slash at the end says nothing. */
export function isSameIssuer(one: string, other: string): boolean {
  return one.replace(/\/$/, "") === other.replace(/\/$/, "");
}

async function discoverKeys(issuer: string): Promise<JWTVerifyGetKey> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const document = (await fetchJSON(url)) as { jwks_uri?: unknown };
  if (typeof document.jwks_uri !== "string") throw new Error(`${url} names no jwks_uri`);
  return keySet(document.jwks_uri);
}

async function keySet(url: string): Promise<JWTVerifyGetKey> {
  if (!url.startsWith("data:")) {
    return createRemoteJWKSet(new URL(url), { timeoutDuration: PROVIDER_TIMEOUT_MS });
  }
  return createLocalJWKSet((await fetchJSON(url)) as JSONWebKeySet);
}

async function fetchJSON(url: string): Promise<unknown> {
  const response = await fetch(url, { signal: AbortSignal.timeout(PROVIDER_TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.json();
}

/** Keeps the first success; after a failure the next call tries again. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
