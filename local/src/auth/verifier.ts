import { decodeJwt, jwtVerify, type JWTPayload } from "jose";
import { isSameIssuer, type Provider } from "./providers";
import { AuthFailure, userOfClaims, type User } from "./user";

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
      const { payload } = await jwtVerify(token, await provider.keys(), {
        algorithms: provider.algorithms,
        requiredClaims: ["iss", "sub", "exp"],
        ...(provider.audience !== null && { audience: provider.audience }),
      });
      return userOfClaims(payload);
    } catch (error) {
      this.#log(`A token of ${provider.issuer} was refused: ${String(error)}`);
      throw new AuthFailure(
        "Unauthenticated",
        "Could not verify OIDC token claim. Check that the token signature is valid and the token hasn't expired.",
      );
    }
  }

  /**
   * The user of an `Authorization` header, `null` without one.
   * @throws AuthFailure as `verify`, and when the header is not `Bearer <token>`
   */
  async verifyHeader(header: string | undefined): Promise<User | null> {
    if (header === undefined || header === "") return null;
    const token = /^bearer +(\S+)$/i.exec(header.trim())?.[1];
    if (token === undefined) {
      throw new AuthFailure("InvalidAuthHeader", "The Authorization header must be Bearer <token>");
    }
    return this.verify(token);
  }

  #providerOf({ iss, aud }: JWTPayload): Provider {
    const audiences = typeof aud === "string" ? [aud] : (aud ?? []);
    const provider = this.#providers.find(
      ({ issuer, audience }) =>
        iss !== undefined &&
        isSameIssuer(issuer, iss) &&
        (audience === null || audiences.includes(audience)),
    );
    if (provider !== undefined) return provider;
    const known = this.#providers.map(({ description }) => description).join(", ");
    throw new AuthFailure(
      "NoAuthProvider",
      "No auth provider found matching the given token. Check that your JWT's issuer and audience " +
        `match one of your configured providers: [${known}]`,
    );
  }
}

function parse(token: string): JWTPayload {
  try {
    return decodeJwt(token);
  } catch {
    throw new AuthFailure("InvalidAuthHeader", "Could not parse JWT payload.");
  }
}
