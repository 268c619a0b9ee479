import {
  createLocalJWKSet,
  createRemoteJWKSet,
  decodeProtectedHeader,
  errors,
  jwtVerify,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
} from "jose";
import { PROVIDER_TIMEOUT_MS } from "../limits";
import { fetchJSON } from "./fetchJSON";
import type { Provider } from "./providers";
import { AuthFailure, userOfClaims, type User } from "./user";

/** Seconds by which clocks may differ; the platform grants them to this kind of provider only. */
const LEEWAY_S = 5;

/** A provider of `type: "customJwt"`: its keys are where it says, each with a `kid`. */
export function customJwtProvider(
  issuer: string,
  audience: string | null,
  algorithm: string,
  keys: () => Promise<JWTVerifyGetKey>,
): Provider {
  return {
    issuer,
    audience,
    description: `CustomJWT(issuer=${issuer}, app_id=${audience ?? "none"})`,
    verify: async (token) => userOf(await verified(token, algorithm, await fetched(keys))),
  };
}

/** Finds keys at an address, also a `data:` URL; fetches them once. */
export function jwksAt(url: string): () => Promise<JWTVerifyGetKey> {
  let keys: JWTVerifyGetKey | undefined;
  return async () => {
    keys ??= url.startsWith("data:")
      ? createLocalJWKSet((await fetchJSON(url)) as JSONWebKeySet)
      : createRemoteJWKSet(new URL(url), { timeoutDuration: PROVIDER_TIMEOUT_MS });
    return keys;
  };
}

async function fetched(keys: () => Promise<JWTVerifyGetKey>): Promise<JWTVerifyGetKey> {
  return keys().catch((error: unknown) => {
    throw new AuthFailure("InvalidAuthHeader", `Could not fetch JWKS: ${String(error)}`);
  });
}

async function verified(
  token: string,
  algorithm: string,
  keys: JWTVerifyGetKey,
): Promise<JWTPayload> {
  const kid = keyIdOf(token);
  if (kid === undefined) {
    throw new AuthFailure(
      "InvalidAuthHeader",
      "Could not decode token. JWT may be missing a 'kid' (key ID) header.",
    );
  }
  try {
    const { payload } = await jwtVerify(token, keys, {
      algorithms: [algorithm],
      clockTolerance: LEEWAY_S,
    });
    return payload;
  } catch (error) {
    if (error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed) {
      throw new AuthFailure("InvalidAuthHeader", `Could not validate token: ${error.message}`);
    }
    throw new AuthFailure(
      "InvalidAuthHeader",
      `Could not decode token. The JWT's 'kid' (key ID) header is '${kid}', does this key match ` +
        "any key in the provider's JWKS?",
      error,
    );
  }
}

function keyIdOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).kid;
  } catch {
    return undefined;
  }
}

function userOf(payload: JWTPayload): User {
  try {
    return userOfClaims(payload, "as they are");
  } catch (error) {
    throw new AuthFailure(
      "InvalidAuthHeader",
      "Could not verify token claim. Check that the JWT contains valid claims and matches your " +
        "auth provider configuration.",
      error,
    );
  }
}
