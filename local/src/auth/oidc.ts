import { createRemoteJWKSet, decodeJwt, errors, jwtVerify, type JWTVerifyGetKey } from "jose";
import { PROVIDER_TIMEOUT_MS } from "../limits";
import { fetchJSON } from "./fetchJSON";
import type { Provider } from "./providers";
import { AuthFailure, userOfClaims, type User } from "./user";

/** What the platform takes of an OpenID provider; ES256 needs `type: "customJwt"`. */
const ALGORITHMS = ["RS256", "EdDSA"];

/** A provider that tells by discovery where its keys are. */
export function oidcProvider(issuer: string, applicationID: string): Provider {
  const discovered = new Map<string, JWTVerifyGetKey>();
  return {
    issuer,
    audience: applicationID,
    description: `OIDC(domain=${issuer}, app_id=${applicationID})`,
    verify: async (token) => {
      // As the token spells it, since the provider's own document must spell it alike.
      const { iss = "" } = decodeJwt(token);
      const keys = discovered.get(iss) ?? (await discoverKeys(iss));
      discovered.set(iss, keys);
      return verified(token, keys, applicationID);
    },
  };
}

async function discoverKeys(issuer: string): Promise<JWTVerifyGetKey> {
  try {
    const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
    const { issuer: own, jwks_uri: jwks } = (await fetchJSON(url)) as Record<string, unknown>;
    if (own !== issuer) throw new Error(`it is the issuer ${String(own)}`);
    if (typeof jwks !== "string") throw new Error("it names no jwks_uri");
    return createRemoteJWKSet(new URL(jwks), { timeoutDuration: PROVIDER_TIMEOUT_MS });
  } catch (error) {
    throw new AuthFailure(
      "AuthProviderDiscoveryFailed",
      `Auth provider discovery of ${issuer} failed`,
      error,
    );
  }
}

async function verified(
  token: string,
  keys: JWTVerifyGetKey,
  applicationID: string,
): Promise<User> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      algorithms: ALGORITHMS,
      audience: applicationID,
    });
    // A second audience would have to be trusted, and the platform trusts none.
    if (Array.isArray(payload.aud) && payload.aud.length > 1) {
      throw new errors.JWTClaimValidationFailed("several audiences", payload, "aud");
    }
    return userOfClaims(payload, "by Convex's names");
  } catch (error) {
    throw new AuthFailure(
      "Unauthenticated",
      "Could not verify OIDC token claim. Check that the token signature is valid and the token " +
        "hasn't expired.",
      error,
    );
  }
}
