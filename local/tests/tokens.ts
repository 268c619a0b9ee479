import { SignJWT, type CryptoKey, type JWTPayload } from "jose";

/** Seconds since the epoch. */
export const now = (): number => Math.floor(Date.now() / 1_000);

/** A JWT with these claims, valid for a minute. */
export async function sign(key: CryptoKey, claims: JWTPayload, alg = "ES256"): Promise<string> {
  return new SignJWT({ iat: now(), exp: now() + 60, ...claims })
    .setProtectedHeader({ alg, typ: "JWT", kid: "1" })
    .sign(key);
}
