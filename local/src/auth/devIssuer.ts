import { generateKeyPair, SignJWT, type CryptoKey } from "jose";
import { customJwtProvider } from "./customJwt";
import type { Provider } from "./providers";

/** The dev issuer's `iss`: a name that no real provider can have. */
export const DEV_ISSUER = "https://dev-issuer.localhost";

const AUDIENCE = "convex";
// A `customJwt` provider's on the platform: ES256 is not for OpenID providers there.
const ALGORITHM = "ES256";
const KEY_ID = "dev";
const LIFETIME_S = 24 * 60 * 60;

/**
 * Issues tokens for anyone who asks, for demos and tests. Its key is made anew at every start, so
 * that its tokens are worth nothing to any other backend.
 */
export class DevIssuer {
  readonly #privateKey: CryptoKey;
  readonly provider: Provider;

  private constructor(privateKey: CryptoKey, publicKey: CryptoKey) {
    this.#privateKey = privateKey;
    this.provider = customJwtProvider(DEV_ISSUER, AUDIENCE, ALGORITHM, () =>
      Promise.resolve(() => publicKey),
    );
  }

  static async create(): Promise<DevIssuer> {
    const { privateKey, publicKey } = await generateKeyPair(ALGORITHM);
    return new DevIssuer(privateKey, publicKey);
  }

  /** A token for the subject, valid for a day; `claims` (as in a JWT: `email`, `exp`) come on top. */
  token(subject: string, claims: Record<string, unknown> = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1_000);
    const times = { iat: now, exp: now + LIFETIME_S };
    return new SignJWT({ aud: AUDIENCE, ...times, ...claims, iss: DEV_ISSUER, sub: subject })
      .setProtectedHeader({ alg: ALGORITHM, kid: KEY_ID, typ: "JWT" })
      .sign(this.#privateKey);
  }
}
