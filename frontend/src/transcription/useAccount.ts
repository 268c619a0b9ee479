import { useConvex } from "convex/react";
import { useState } from "react";
import type { SignIn } from "./queries";

/**
 * Whose page it is, as a number that changes whenever somebody else may have signed in. It stays
 * when a client is replaced: its successor signs in the same user.
 */
export function useAccount(signIn: SignIn): number {
  const client = useConvex();
  const isSignedIn = signIn === "signed-in";
  const [held, setHeld] = useState({
    account: 0,
    signIn,
    signedInBy: isSignedIn ? client : null,
  });
  if (held.signIn === signIn) return held.account;
  const isLeft = signIn === "signed-out" || held.signedInBy === client;
  const account = isLeft ? held.account + 1 : held.account;
  setHeld({ account, signIn, signedInBy: isSignedIn ? client : null });
  return account;
}
