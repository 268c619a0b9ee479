import { useSyncExternalStore, type ReactNode } from "react";

/**
 * Signing in: the one file to replace by that of a real provider. The page uses what it exports and
 * nothing else, so a replacement exports the same. With Clerk, in a `signIn.tsx` (Auth0 and others
 * have the same parts by other names):
 *
 *     const template = "convex";
 *
 *     export function SignInProvider({ children }: { children: ReactNode }) {
 *       const publishableKey = import.meta.env.VITE_CLERK_PUBLISHABLE_KEY;
 *       return <ClerkProvider publishableKey={publishableKey}>{children}</ClerkProvider>;
 *     }
 *     export function useAuth() {
 *       const { isLoaded, isSignedIn, getToken } = useClerkAuth();
 *       const fetchAccessToken = useCallback(
 *         ({ forceRefreshToken }: { forceRefreshToken: boolean }) =>
 *           getToken({ template, skipCache: forceRefreshToken }),
 *         [getToken],
 *       );
 *       return { isLoading: !isLoaded, isAuthenticated: isSignedIn ?? false, fetchAccessToken };
 *     }
 *     export const fetchToken = async () =>
 *       (await window.Clerk?.session?.getToken({ template })) ?? null;
 *     export const useUserName = () => useUser().user?.fullName ?? null;
 *     export const useSignInProblem = () => null;
 *     export const signIn = async () => window.Clerk?.openSignIn();
 *     export const signOut = async () => window.Clerk?.signOut();
 *
 * What stands here signs in with a development token of the server that serves the page, for the
 * user in the page's address (`?user=alice`). Only development servers give such tokens.
 */

/** Who is signed in where the page's address names nobody. */
export const DEFAULT_USER = "demo-user";

/** Why nobody is signed in. */
export interface SignInProblem {
  /** `no_tokens`: the server gives none; `unreachable`: it does not answer, and is asked again. */
  code: "no_tokens" | "unreachable";
  /** What the server said, in English. */
  message: string;
}

type SignInState =
  | { status: "loading" }
  | { status: "signed-in"; userName: string }
  | { status: "signed-out"; problem: SignInProblem | null };

/** A token that ends sooner is not used any more, so that it does not end on its way. */
const RENEW_BEFORE_MS = 60_000;
const ASK_AGAIN_MS = 3_000;

let state: SignInState = { status: "loading" };
let cached: { token: string; expiresAt: number } | null = null;
let onItsWay: Promise<string | null> | null = null;
let askingAgain: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();

/** What a provider needs around the page; nothing here. */
export function SignInProvider({ children }: { children: ReactNode }): ReactNode {
  return children;
}

/** The state of signing in, as `ConvexProviderWithAuth` wants it. */
export function useAuth() {
  const { status } = useSignInState();
  return {
    isLoading: status === "loading",
    isAuthenticated: status === "signed-in",
    fetchAccessToken,
  };
}

/** The signed-in user's name, `null` while nobody is signed in. */
export function useUserName(): string | null {
  const current = useSignInState();
  return current.status === "signed-in" ? current.userName : null;
}

/** Why nobody is signed in; `null` while somebody is, and after `signOut`. */
export function useSignInProblem(): SignInProblem | null {
  const current = useSignInState();
  return current.status === "signed-out" ? current.problem : null;
}

/** The signed-in user's token, the same until a minute before it ends; `null` without one. */
export async function fetchToken(): Promise<string | null> {
  if (cached !== null && cached.expiresAt - RENEW_BEFORE_MS > Date.now()) return cached.token;
  if (state.status === "signed-out") return null;
  return await requestToken();
}

/** Signs in, or tries to once more. */
export async function signIn(): Promise<void> {
  if (state.status === "signed-in") return;
  become({ status: "loading" });
  await requestToken();
}

/** Signs out, until `signIn` or a reload. */
export function signOut(): Promise<void> {
  cached = null;
  onItsWay = null;
  become({ status: "signed-out", problem: null });
  return Promise.resolve();
}

async function fetchAccessToken(options: { forceRefreshToken: boolean }): Promise<string | null> {
  if (!options.forceRefreshToken) return await fetchToken();
  return state.status === "signed-out" ? null : await requestToken();
}

/** All who ask at the same time share one request. */
async function requestToken(): Promise<string | null> {
  if (onItsWay !== null) return await onItsWay;
  const request = askForToken(userOfAddress()).then(
    ({ token, userName }) => {
      // Signed out meanwhile.
      if (onItsWay !== request) return null;
      onItsWay = null;
      cached = { token, expiresAt: expiryOf(token) };
      become({ status: "signed-in", userName });
      return token;
    },
    (error: unknown) => {
      if (onItsWay !== request) return null;
      onItsWay = null;
      cached = null;
      become({ status: "signed-out", problem: asProblem(error) });
      return null;
    },
  );
  onItsWay = request;
  return await request;
}

async function askForToken(userName: string): Promise<{ token: string; userName: string }> {
  const response = await fetch(`/dev/token?subject=${encodeURIComponent(userName)}`, {
    headers: { Accept: "application/json" },
  }).catch((error: unknown) => {
    throw new SignInFailure("unreachable", error instanceof Error ? error.message : String(error));
  });
  const answer = (await response.json().catch(() => null)) as Record<string, unknown> | null;
  const token = answer?.["token"];
  if (response.ok && typeof token === "string") return { token, userName };
  const said = answer?.["message"];
  throw new SignInFailure(
    response.status >= 502 ? "unreachable" : "no_tokens",
    typeof said === "string" ? said : `/dev/token answers ${response.status}, and no token.`,
  );
}

class SignInFailure extends Error {
  constructor(
    readonly code: SignInProblem["code"],
    message: string,
  ) {
    super(message);
  }
}

function asProblem(error: unknown): SignInProblem {
  if (error instanceof SignInFailure) return { code: error.code, message: error.message };
  return { code: "no_tokens", message: String(error) };
}

function userOfAddress(): string {
  const named = new URLSearchParams(window.location.search).get("user")?.trim() ?? "";
  return named === "" ? DEFAULT_USER : named;
}

/** When a token ends, epoch milliseconds; 0, so that it is not kept, where it does not say so. */
function expiryOf(token: string): number {
  try {
    const payload = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const { exp } = JSON.parse(atob(payload)) as { exp?: unknown };
    return typeof exp === "number" ? exp * 1_000 : 0;
  } catch {
    return 0;
  }
}

function become(next: SignInState): void {
  state = next;
  clearTimeout(askingAgain);
  if (next.status === "signed-out" && next.problem?.code === "unreachable") {
    askingAgain = setTimeout(() => void requestToken(), ASK_AGAIN_MS);
  }
  for (const listener of listeners) listener();
}

function useSignInState(): SignInState {
  return useSyncExternalStore(subscribe, () => state);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (state.status === "loading") void requestToken();
  return () => listeners.delete(listener);
}
