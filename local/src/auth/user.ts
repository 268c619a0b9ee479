import type { UserIdentity } from "convex/server";
import { errors, type JWTPayload } from "jose";

/** A user whose token was checked. */
export interface User {
  /** What functions get from `ctx.auth.getUserIdentity()`. */
  identity: UserIdentity;
  /** The same for two tokens of one user with the same claims: equal queries share one run. */
  key: string;
  /** When the token expires, in milliseconds since the epoch. */
  expiresAt: number;
}

type AuthFailureCode =
  | "InvalidAuthHeader"
  | "NoAuthProvider"
  | "Unauthenticated"
  | "AuthProviderDiscoveryFailed"
  | "BadAdminKey"
  | "InvalidHeaderFailure"
  | "InvalidAdminKey";

const UNAUTHENTICATED = new Set<AuthFailureCode>([
  "InvalidAuthHeader",
  "NoAuthProvider",
  "Unauthenticated",
  "BadAdminKey",
]);

/** A token that was refused, with the code and message that a deployment answers. */
export class AuthFailure extends Error {
  /** The status of an answer over HTTP. */
  readonly status: number;

  constructor(
    readonly code: AuthFailureCode,
    message: string,
    cause?: unknown,
  ) {
    super(message, { cause });
    this.name = "AuthFailure";
    this.status = UNAUTHENTICATED.has(code) ? 401 : 400;
  }
}

/** How claims become attributes: an OpenID provider's have names of Convex's, others stay. */
export type ClaimNames = "by Convex's names" | "as they are";

const ATTRIBUTE_OF_CLAIM: Readonly<Record<string, string>> = {
  name: "name",
  given_name: "givenName",
  family_name: "familyName",
  nickname: "nickname",
  preferred_username: "preferredUsername",
  profile: "profileUrl",
  picture: "pictureUrl",
  email: "email",
  email_verified: "emailVerified",
  gender: "gender",
  birthdate: "birthday",
  zoneinfo: "timezone",
  locale: "language",
  phone_number: "phoneNumber",
  phone_number_verified: "phoneNumberVerified",
  address: "address",
  updated_at: "updatedAt",
};

// They differ from one token to the next of the same user, or say nothing about the user.
const TOKEN_CLAIMS = new Set(["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "fva"]);

/**
 * The user that a checked token's claims describe, nested claims with dots.
 * @throws JWTClaimValidationFailed when a claim that Convex needs is missing
 */
export function userOfClaims(claims: JWTPayload, names: ClaimNames): User {
  const { iss, sub, exp } = claims;
  if (iss === undefined || typeof sub !== "string" || exp === undefined) {
    throw new errors.JWTClaimValidationFailed("iss, sub and exp are required", claims);
  }
  const identity: UserIdentity = { tokenIdentifier: `${iss}|${sub}`, subject: sub, issuer: iss };
  for (const [claim, value] of Object.entries(claims)) {
    if (TOKEN_CLAIMS.has(claim)) continue;
    const isRenamed = names === "by Convex's names" && Object.hasOwn(ATTRIBUTE_OF_CLAIM, claim);
    const attribute = isRenamed ? ATTRIBUTE_OF_CLAIM[claim] : undefined;
    if (attribute !== undefined) identity[attribute] = value as string;
    else addCustomClaim(identity, claim, value);
  }
  return { identity, key: JSON.stringify(identity), expiresAt: exp * 1_000 };
}

function addCustomClaim(identity: UserIdentity, name: string, value: unknown): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    identity[name] = value as string;
    return;
  }
  for (const [key, nested] of Object.entries(value)) {
    addCustomClaim(identity, `${name}.${key}`, nested);
  }
}
