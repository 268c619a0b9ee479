import { generateKeyPair, type CryptoKey } from "jose";
import { describe, expect, it } from "vitest";
import { DEV_ISSUER } from "../src/auth/devIssuer";
import { RawClient } from "./rawClient";
import { connect, eventually, httpClient, query, startFixture, watch } from "./support";
import { now, sign } from "./tokens";

describe("a token of the dev issuer", () => {
  it("makes the identity that functions see", async () => {
    const backend = await startFixture();
    const token = await backend.token("auth0|alice", {
      email: "a@example.org",
      email_verified: true,
      given_name: "Alice",
      fva: [1, 2],
      roles: ["admin"],
      team: { name: "red", size: 3 },
    });
    const client = await httpClient(backend);
    client.setAuth(token);
    expect(await client.query(query("notes:whoAmI"), {})).toEqual({
      tokenIdentifier: `${DEV_ISSUER}|auth0|alice`,
      subject: "auth0|alice",
      issuer: DEV_ISSUER,
      email: "a@example.org",
      email_verified: true,
      given_name: "Alice",
      roles: ["admin"],
      "team.name": "red",
      "team.size": 3,
    });
  });

  it("is worth nothing to another backend", async () => {
    const [one, other] = [await startFixture(), await startFixture()];
    const client = await httpClient(one);
    client.setAuth(await other.token("alice"));
    await expect(client.query(query("notes:list"), {})).rejects.toThrow("Could not decode token");
  });

  it("is not there when the backend runs without the dev issuer", async () => {
    const backend = await startFixture({ devIssuer: false });
    await expect(backend.token("alice")).rejects.toThrow("no dev issuer");
    expect((await fetch(`${backend.url}/dev/token?subject=alice`)).status).toBe(404);
  });
});

describe("a bad token", () => {
  const cases: [string, (token: string, key: CryptoKey) => Promise<string> | string, string][] = [
    ["no JWT", () => "hello", "InvalidAuthHeader"],
    ["no JSON", () => "e30.!!!.x", "InvalidAuthHeader"],
    [
      "expired",
      (_, key) => sign(key, { iss: DEV_ISSUER, aud: "convex", sub: "alice", exp: now() - 10 }),
      "InvalidAuthHeader",
    ],
    [
      "signed by somebody else",
      (_, key) => sign(key, { iss: DEV_ISSUER, aud: "convex", sub: "alice" }),
      "InvalidAuthHeader",
    ],
    [
      "changed after it was signed",
      (token) => {
        const [header, payload, signature] = token.split(".");
        const claims = JSON.parse(Buffer.from(payload ?? "", "base64url").toString()) as object;
        const forged = Buffer.from(JSON.stringify({ ...claims, sub: "bob" })).toString("base64url");
        return `${header ?? ""}.${forged}.${signature ?? ""}`;
      },
      "InvalidAuthHeader",
    ],
    [
      "unsigned",
      (token) => {
        const header = Buffer.from('{"alg":"none","typ":"JWT"}').toString("base64url");
        return `${header}.${token.split(".")[1] ?? ""}.`;
      },
      "InvalidAuthHeader",
    ],
    [
      "of an unknown issuer",
      (_, key) => sign(key, { iss: "https://evil.example", aud: "convex", sub: "alice" }),
      "NoAuthProvider",
    ],
    [
      "for another application",
      (_, key) => sign(key, { iss: DEV_ISSUER, aud: "other", sub: "alice" }),
      "NoAuthProvider",
    ],
  ];

  it.each(cases)("%s: 401 over HTTP, AuthError over the WebSocket", async (_, make, code) => {
    const backend = await startFixture();
    const { privateKey } = await generateKeyPair("ES256");
    const token = await make(await backend.token("alice"), privateKey);
    const response = await fetch(`${backend.url}/api/query`, {
      method: "POST",
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      body: JSON.stringify({ path: "notes:list", args: {}, format: "json" }),
    });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code });

    const client = await RawClient.connected(backend);
    client.send({ type: "Authenticate", tokenType: "User", value: token, baseVersion: 0 });
    client.subscribe(0, "notes:list");
    expect(await client.end()).toEqual({ code: 1008, reason: code });
    expect(client.frames).toMatchObject([
      { type: "AuthError", baseVersion: 0, authUpdateAttempted: true },
    ]);
  });

  it("that is expired is accepted from the dev issuer itself no more", async () => {
    const backend = await startFixture();
    const client = await httpClient(backend);
    client.setAuth(await backend.token("alice", { exp: now() - 10 }));
    await expect(client.query(query("notes:list"), {})).rejects.toThrow("Could not validate token");
  });

  it("makes the published client sign out and say so", async () => {
    const backend = await startFixture();
    const client = connect(backend);
    const changes: boolean[] = [];
    const expired = await backend.token("alice", { exp: now() - 10 });
    client.setAuth(
      () => Promise.resolve(expired),
      (isAuthenticated) => changes.push(isAuthenticated),
    );
    const seen = watch(client, "notes:whoAmI");
    await eventually(() => {
      expect(changes.at(-1)).toBe(false);
      expect(seen.at(-1)).toBeNull();
    });
  });
});

describe("on one connection", () => {
  it("signing in and out re-runs the queries as that user", async () => {
    const backend = await startFixture();
    const client = await RawClient.connected(backend);
    client.subscribe(0, "notes:whoAmI");
    const authenticate = async (baseVersion: number, subject: string | null): Promise<void> => {
      const credentials =
        subject === null
          ? { tokenType: "None" }
          : { tokenType: "User", value: await backend.token(subject) };
      client.send({ type: "Authenticate", baseVersion, ...credentials });
      await eventually(() => {
        expect(client.frames.at(-1)?.endVersion?.identity).toBe(baseVersion + 1);
      });
      const [update] = client.frames.at(-1)?.modifications ?? [];
      expect((update?.value as { subject: string } | null)?.subject ?? null).toBe(subject);
    };
    await authenticate(0, "alice");
    await authenticate(1, "bob");
    await authenticate(2, null);
  });

  it("a new token of the same user runs every query again, and sends what has changed", async () => {
    const backend = await startFixture();
    const other = await RawClient.connected(backend);
    other.subscribe(0, "notes:watched");
    await other.received("Transition");
    const client = await RawClient.connected(backend);
    client.modify(
      { type: "Add", queryId: 0, udfPath: "notes:watched", args: [{}] },
      { type: "Add", queryId: 1, udfPath: "notes:whoAmI", args: [{}] },
    );
    const runs = (): number => backend.logs.filter((line) => line.includes("runs")).length;
    const changesAt = async (identity: number): Promise<unknown> => {
      await eventually(() => {
        expect(client.frames.at(-1)?.endVersion?.identity).toBe(identity);
      });
      return client.frames.at(-1)?.modifications;
    };
    const authenticate = async (baseVersion: number, claims: object): Promise<unknown> => {
      const value = await backend.token("alice", { ...claims });
      client.send({ type: "Authenticate", tokenType: "User", value, baseVersion });
      return changesAt(baseVersion + 1);
    };
    await authenticate(0, {});
    const before = runs();
    expect(await authenticate(1, {})).toEqual([]);
    expect(runs()).toBe(before + 1);
    expect(await authenticate(2, { nth: 3 })).toMatchObject([{ queryId: 1, value: { nth: 3 } }]);
    expect(runs()).toBe(before + 2);
    // Two at once are two versions, and no query is left out.
    for (const baseVersion of [3, 4]) {
      const value = await backend.token("alice", { nth: baseVersion });
      client.send({ type: "Authenticate", tokenType: "User", value, baseVersion });
    }
    await changesAt(5);
    const shown = client.frames.flatMap(({ modifications = [] }) => modifications);
    expect(shown.findLast(({ queryId }) => queryId === 1)).toMatchObject({ value: { nth: 4 } });
    expect(runs()).toBeGreaterThan(before + 2);
    expect(other.frames).toHaveLength(1);
  });

  it("a token that expires ends it with an AuthError that asks for a new one", async () => {
    const backend = await startFixture();
    const client = await RawClient.connected(backend);
    const value = await backend.token("alice", { exp: now() + 2 });
    client.send({ type: "Authenticate", tokenType: "User", value, baseVersion: 0 });
    await client.received("Transition");
    await client.end();
    expect(client.frames.at(-1)).toMatchObject({
      type: "AuthError",
      baseVersion: 1,
      authUpdateAttempted: false,
    });
  });

  it("the published client stays signed in over the expiry of its tokens", async () => {
    const backend = await startFixture();
    const client = connect(backend);
    let fetched = 0;
    client.setAuth(() => backend.token("alice", { exp: now() + 3, nth: (fetched += 1) }));
    const seen = watch(client, "notes:whoAmI");
    await eventually(() => {
      expect(fetched).toBeGreaterThan(3);
      expect(seen.at(-1)).toMatchObject({ subject: "alice", nth: fetched });
    });
  });
});
