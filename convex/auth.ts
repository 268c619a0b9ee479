import type { Auth, UserIdentity } from "convex/server";
import { variables } from "./env";
import { jobError } from "./model/errors";

/**
 * Who the user is, decided here and nowhere else: the whole `tokenIdentifier`, because a subject
 * alone collides between providers. Change it here if your app knows its users by another name.
 *
 * Convex Auth puts a session behind the last `|` of the subject; it is cut, so that a user is the
 * same one after signing in again. Other providers' subjects (`auth0|…`) stay whole.
 */
export function userIdOf(
  identity: Pick<UserIdentity, "issuer" | "subject" | "tokenIdentifier">,
  ownIssuer: string | undefined,
): string {
  const isConvexAuth = ownIssuer !== undefined && identity.issuer === ownIssuer;
  if (!isConvexAuth || !identity.subject.includes("|")) return identity.tokenIdentifier;
  return identity.tokenIdentifier.slice(0, identity.tokenIdentifier.lastIndexOf("|"));
}

/**
 * The signed-in user's id.
 * @throws ConvexError `unauthenticated` when nobody is signed in
 */
export async function requireUserId(ctx: { auth: Auth }): Promise<string> {
  const identity = await ctx.auth.getUserIdentity();
  if (identity === null) throw jobError("unauthenticated", "Sign in first.");
  return userIdOf(identity, variables["CONVEX_SITE_URL"]);
}
