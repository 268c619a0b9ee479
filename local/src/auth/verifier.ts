import { decodeJwt, type JWTPayload } from "jose";
import { isSameIssuer, type Provider } from "./providers";
import { AuthFailure, type User } from "./user";

const SCHEME_LENGTH = "bearer ".length;

/** Checks tokens against the providers, and words a refusal as a deployment does. */
export class TokenVerifier {
  readonly #providers: Provider[];
  readonly #log: (line: string) => void;

  constructor(providers: Provider[], log: (line: string) => void) {
    this.#providers = providers;
    this.#log = log;
  }

  /**
   * The user that a token stands for.
   * @throws AuthFailure when it is not a JWT, nobody known has issued it, or it is forged or expired
   */
  async verify(token: string): Promise<User> {
    const provider = this.#providerOf(parse(token));
    try {
      return await provider.verify(token);
    } catch (error) {
      const reason = error instanceof AuthFailure ? (error.cause ?? error.message) : error;
      this.#log(`A token of ${provider.issuer} was refused: ${String(reason)}`);
      throw error;
    }
  }

  /**
   * The user of an `Authorization` header, `null` without one.
   * @throws AuthFailure as `verify`, and when the header is not `Bearer <token>`
   */
  async verifyHeader(header: string | undefined): Promise<User | null> {
    if (header === undefined) return null;
    if (header.length < SCHEME_LENGTH) {
      throw new AuthFailure("InvalidHeaderFailure", "Invalid authentication header");
    }
    if (/^convex /i.test(header)) {
      throw new AuthFailure(
        "BadAdminKey",
        "The provided admin key was invalid for this instance: the embedded backend has none",
      );
    }
    if (header.length === SCHEME_LENGTH || !/^bearer /i.test(header)) {
      throw new AuthFailure("InvalidAdminKey", "Invalid admin key");
    }
    return this.verify(header.slice(SCHEME_LENGTH).trim());
  }

  #providerOf({ iss, aud }: JWTPayload): Provider {
    if (typeof iss !== "string") {
      throw new AuthFailure(
        "InvalidAuthHeader",
        "Missing issuer claim ('iss') in JWT payload. The JWT must include an 'iss' claim that " +
          "matches one of your configured auth providers.",
      );
    }
    const audiences = typeof aud === "string" ? [aud] : (aud ?? []);
    const provider = this.#providers.find(
      ({ issuer, audience }) =>
        isSameIssuer(issuer, iss) && (audience === null || audiences.includes(audience)),
    );
    if (provider === undefined) throw new AuthFailure("NoAuthProvider", this.#noProvider());
    return provider;
  }

  #noProvider(): string {
    if (this.#providers.length === 0) {
      return (
        "No auth provider found matching the given token (no providers configured). Check " +
        "convex/auth.config.ts."
      );
    }
    const known = this.#providers.map(({ description }) => description).join(", ");
    return (
      "No auth provider found matching the given token. Check that your JWT's issuer and audience " +
      `match one of your configured providers: [${known}]`
    );
  }
}

function parse(token: string): JWTPayload {
  try {
    return decodeJwt(token);
  } catch {
    throw new AuthFailure(
      "InvalidAuthHeader",
      "Could not parse JWT payload. Check that the token is a valid JWT format with three " +
        "base64-encoded parts separated by dots.",
    );
  }
}
