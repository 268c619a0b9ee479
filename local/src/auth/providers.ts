import type { AuthConfig } from "convex/server";
import { customJwtProvider, jwksAt } from "./customJwt";
import { oidcProvider } from "./oidc";
import type { User } from "./user";

/** Who may issue tokens, with what is needed to check them. */
export interface Provider {
  issuer: string;
  /** The `aud` that a token must have; `null` when any will do. */
  audience: string | null;
  /** As a deployment names it when no provider matches. */
  description: string;
  /**
   * The user of a token that names this issuer and audience.
   * @throws AuthFailure in the platform's words
   */
  verify: (token: string) => Promise<User>;
}

const CUSTOM_JWT_ALGORITHMS = ["RS256", "ES256"];

/**
 * The providers of `convex/auth.config.ts`; none when there is no such file.
 * @throws Error when it has no list of providers, or a provider that the platform does not take
 */
export function configuredProviders(authConfig: unknown): Provider[] {
  if (authConfig === undefined) return [];
  const { providers } = authConfig as Partial<AuthConfig>;
  if (!Array.isArray(providers)) throw new Error("auth.config.ts must export { providers: [...] }");
  return providers.map((provider) => {
    if (!("type" in provider)) {
      return oidcProvider(withProtocol(provider.domain), provider.applicationID);
    }
    const { issuer, jwks, algorithm, applicationID = null } = provider;
    if (!CUSTOM_JWT_ALGORITHMS.includes(algorithm)) {
      throw new Error(
        `Invalid signature algorithm (only RS256 and ES256 are supported): ${algorithm}`,
      );
    }
    return customJwtProvider(withProtocol(issuer), applicationID, algorithm, jwksAt(jwks));
  });
}

/** Whether two issuers are the same one: a protocol left out or a slash at the end says nothing. */
export function isSameIssuer(one: string, other: string): boolean {
  return bareIssuer(one) === bareIssuer(other);
}

/** The issuer as a URL: `https` unless it says otherwise. */
function withProtocol(issuer: string): string {
  return /^https?:\/\//.test(issuer) ? issuer : `https://${issuer}`;
}

function bareIssuer(issuer: string): string {
  let end = issuer.length;
  while (issuer[end - 1] === "/") end -= 1;
  return withProtocol(issuer.slice(0, end));
}
