import { act, cleanup, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DEMO_USER } from "../../local/src/demo/demo";

type SignIn = typeof import("../src/signIn");

const NOW = 1_800_000_000_000;

/** What the server is asked for, and what it answers. */
const asked: string[] = [];
let answer: () => Promise<Response>;
let signIn: SignIn;

/** A token that ends in so many seconds. */
function token(seconds: number, name = "a"): string {
  const payload = btoa(JSON.stringify({ exp: NOW / 1_000 + seconds, name }));
  return `header.${payload.replaceAll("=", "")}.signature`;
}

function json(body: object, status = 200): () => Promise<Response> {
  return () => Promise.resolve(Response.json(body, { status }));
}

beforeEach(async () => {
  vi.useFakeTimers({ now: NOW });
  asked.length = 0;
  answer = json({ token: token(3_600) });
  vi.stubGlobal("fetch", (url: string) => {
    asked.push(url);
    return answer();
  });
  window.history.replaceState(null, "", "/");
  vi.resetModules();
  signIn = await import("../src/signIn");
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const settle = async (ms = 0) => {
  await act(async () => {
    await vi.advanceTimersByTimeAsync(ms);
  });
};

/** All that a component sees of signing in. */
function render() {
  return renderHook(() => ({
    ...signIn.useAuth(),
    name: signIn.useUserName(),
    problem: signIn.useSignInProblem(),
  }));
}

describe("signing in", () => {
  test("with the server's token, as the demo's user", async () => {
    const { result } = render();
    expect(result.current).toMatchObject({ isLoading: true, isAuthenticated: false, name: null });
    await settle();
    expect(result.current).toMatchObject({
      isLoading: false,
      isAuthenticated: true,
      name: DEMO_USER,
      problem: null,
    });
    expect(asked).toEqual([`/dev/token?subject=${DEMO_USER}`]);
  });

  test("as whom the address names", async () => {
    window.history.replaceState(null, "", "/?user=al%20ice%26");
    const { result } = render();
    await settle();
    expect(result.current.name).toBe("al ice&");
    expect(asked).toEqual(["/dev/token?subject=al%20ice%26"]);
  });

  test("an empty name is none", async () => {
    window.history.replaceState(null, "", "/?user=");
    const { result } = render();
    await settle();
    expect(result.current.name).toBe(signIn.DEFAULT_USER);
  });

  test("fetchAccessToken stays the same function", async () => {
    const { result, rerender } = render();
    const { fetchAccessToken } = result.current;
    await settle();
    rerender();
    expect(result.current.fetchAccessToken).toBe(fetchAccessToken);
  });
});

describe("the token", () => {
  test("is asked for once by many at the same time, and kept", async () => {
    const tokens = await Promise.all([signIn.fetchToken(), signIn.fetchToken()]);
    expect(tokens).toEqual([token(3_600), token(3_600)]);
    expect(await signIn.fetchToken()).toBe(token(3_600));
    expect(asked).toHaveLength(1);
  });

  test("is renewed a minute before it ends", async () => {
    await signIn.fetchToken();
    answer = json({ token: token(7_200, "b") });
    vi.setSystemTime(NOW + 3_539_000);
    expect(await signIn.fetchToken()).toBe(token(3_600));
    vi.setSystemTime(NOW + 3_540_000);
    expect(await signIn.fetchToken()).toBe(token(7_200, "b"));
    expect(asked).toHaveLength(2);
  });

  test("is renewed when Convex wants a fresh one", async () => {
    const { result } = render();
    await settle();
    const { fetchAccessToken } = result.current;
    expect(await fetchAccessToken({ forceRefreshToken: false })).toBe(token(3_600));
    expect(asked).toHaveLength(1);
    answer = json({ token: token(3_600, "b") });
    expect(await fetchAccessToken({ forceRefreshToken: true })).toBe(token(3_600, "b"));
    expect(await signIn.fetchToken()).toBe(token(3_600, "b"));
  });

  test("is used, but not kept, when it does not say how long it is good", async () => {
    answer = json({ token: "opaque" });
    expect(await signIn.fetchToken()).toBe("opaque");
    expect(await signIn.fetchToken()).toBe("opaque");
    expect(asked).toHaveLength(2);
  });
});

describe("signed out, with the reason", () => {
  test.each([
    ["none here", json({ code: "NoDevIssuer", message: "Run it." }, 404), "Run it."],
    [
      "a page in the token's place",
      () => Promise.resolve(new Response("<!doctype html>")),
      "/dev/token answers 200, and no token.",
    ],
    ["no token in it", json({ token: 5 }), "/dev/token answers 200, and no token."],
    ["null", () => Promise.resolve(new Response("null")), "/dev/token answers 200, and no token."],
  ])("%s: it is not asked again", async (_what, given, message) => {
    answer = given;
    const { result } = render();
    await settle();
    expect(result.current).toMatchObject({
      isLoading: false,
      isAuthenticated: false,
      name: null,
      problem: { code: "no_tokens", message },
    });
    await settle(60_000);
    expect(asked).toHaveLength(1);
    expect(await signIn.fetchToken()).toBeNull();
    expect(await result.current.fetchAccessToken({ forceRefreshToken: true })).toBeNull();
    expect(asked).toHaveLength(1);
  });

  test.each([
    ["no connection", () => Promise.reject(new TypeError("fetch failed")), "fetch failed"],
    ["a proxy's 502", json({ message: "Bad gateway" }, 502), "Bad gateway"],
  ])("%s: it is asked again until it answers", async (_what, given, message) => {
    const { result } = render();
    await settle();
    answer = given;
    await act(async () => {
      const { fetchAccessToken } = result.current;
      expect(await fetchAccessToken({ forceRefreshToken: true })).toBeNull();
    });
    expect(result.current.isAuthenticated).toBe(false);
    expect(result.current.problem).toEqual({ code: "unreachable", message });
    await settle(3_000);
    expect(asked).toHaveLength(3);
    answer = json({ token: token(3_600) });
    await settle(3_000);
    expect(result.current).toMatchObject({ isAuthenticated: true, problem: null });
    await settle(60_000);
    expect(asked).toHaveLength(4);
  });

  test("signIn tries once more", async () => {
    answer = json({}, 404);
    const { result } = render();
    await settle();
    answer = json({ token: token(3_600) });
    await act(() => signIn.signIn());
    expect(result.current).toMatchObject({ isAuthenticated: true, problem: null });
  });
});

describe("signing out", () => {
  test("forgets the token, until signIn", async () => {
    const { result } = render();
    await settle();
    await act(() => signIn.signOut());
    expect(result.current).toMatchObject({ isAuthenticated: false, name: null, problem: null });
    expect(await signIn.fetchToken()).toBeNull();
    await settle(60_000);
    expect(asked).toHaveLength(1);
    await act(() => signIn.signIn());
    expect(result.current.isAuthenticated).toBe(true);
  });

  test("a token that was on its way does not sign in again", async () => {
    let arrive: (response: Response) => void = () => undefined;
    answer = () => new Promise((resolve) => (arrive = resolve));
    const { result } = render();
    await act(() => signIn.signOut());
    arrive(Response.json({ token: token(3_600) }));
    await settle();
    expect(result.current.isAuthenticated).toBe(false);
    expect(await signIn.fetchToken()).toBeNull();
  });
});
