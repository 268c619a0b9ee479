import type { Auth, GenericQueryCtx, UserIdentity } from "convex/server";
import { environment } from "./environment.js";
import { jobError } from "./model/errors.js";

/** The context of an app's own query or mutation. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- any app's data model, which is not known here
export type AppQueryCtx = GenericQueryCtx<any>;

/** How an app knows its users: the signed-in user's id, `null` when nobody is signed in. */
export type GetUserId = (
  ctx: AppQueryCtx,
) => Promise<string | null | undefined> | string | null | undefined;

/**
 * The whole `tokenIdentifier`, because a subject alone collides between providers.
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

/** Who the user is where an app does not say it otherwise. */
export async function userIdFromToken(ctx: { auth: Auth }): Promise<string | null> {
  const identity = await ctx.auth.getUserIdentity();
  return identity === null ? null : userIdOf(identity, environment.siteUrl);
}

/**
 * The signed-in user's id.
 * @throws ConvexError `unauthenticated` when nobody is signed in
 */
export async function requireUserId(ctx: AppQueryCtx, getUserId: GetUserId): Promise<string> {
  const userId = await getUserId(ctx);
  // Nobody is signed in under an empty name, and all who were would share their jobs.
  if (!userId) throw jobError("unauthenticated", "Sign in first.");
  return userId;
}
