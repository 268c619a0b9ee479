import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from "jose";
import { describe, expect, it, onTestFinished } from "vitest";
import { DEV_ISSUER } from "../src/auth/devIssuer";
import { configuredProviders } from "../src/auth/providers";
import { TokenVerifier } from "../src/auth/verifier";
import { RawClient } from "./rawClient";
import { connect, eventually, httpClient, query, startFixture, watch } from "./support";

const now = (): number => Math.floor(Date.now() / 1_000);

async function sign(key: CryptoKey, claims: JWTPayload, alg = "ES256"): Promise<string> {
  return new SignJWT({ iat: now(), exp: now() + 60, ...claims })
    .setProtectedHeader({ alg, typ: "JWT", kid: "1" })
    .sign(key);
}

describe("a token of the dev issuer", () => {
  it("makes the identity that functions see", async () => {
    const backend = await startFixture();
    const token = await backend.token("auth0|alice", {
      email: "a@example.org",
      email_verified: true,
      given_name: "Alice",
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
      emailVerified: true,
      givenName: "Alice",
      roles: ["admin"],
      "team.name": "red",
      "team.size": 3,
    });
  });

  it("is worth nothing to another backend", async () => {
    const [one, other] = [await startFixture(), await startFixture()];
    const client = await httpClient(one);
    client.setAuth(await other.token("alice"));
    await expect(client.query(query("notes:list"), {})).rejects.toThrow("Could not verify OIDC");
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
      "Unauthenticated",
    ],
    [
      "signed by somebody else",
      (_, key) => sign(key, { iss: DEV_ISSUER, aud: "convex", sub: "alice" }),
      "Unauthenticated",
    ],
    [
      "changed after it was signed",
      (token) => {
        const [header, payload, signature] = token.split(".");
        const claims = JSON.parse(Buffer.from(payload ?? "", "base64url").toString()) as object;
        const forged = Buffer.from(JSON.stringify({ ...claims, sub: "bob" })).toString("base64url");
        return `${header ?? ""}.${forged}.${signature ?? ""}`;
      },
      "Unauthenticated",
    ],
    [
      "unsigned",
      (token) => {
        const header = Buffer.from('{"alg":"none","typ":"JWT"}').toString("base64url");
        return `${header}.${token.split(".")[1] ?? ""}.`;
      },
      "Unauthenticated",
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
      headers: { Authorization: `Bearer ${token}` },
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
    client.setAuth(await backend.token("alice", { exp: now() - 1 }));
    await expect(client.query(query("notes:list"), {})).rejects.toThrow("hasn't expired");
  });

  it("makes the published client sign out and say so", async () => {
    const backend = await startFixture();
    const client = connect(backend);
    const changes: boolean[] = [];
    const expired = await backend.token("alice", { exp: now() - 1 });
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

describe("the providers of auth.config.ts", () => {
  async function oidcServer(jwk: object): Promise<string> {
    const server = createServer((request, response) => {
      const isDocument = request.url === "/.well-known/openid-configuration";
      response.end(JSON.stringify(isDocument ? { jwks_uri: `${url}/keys` } : { keys: [jwk] }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return url;
  }

  it("OIDC: takes its tokens by discovery, and nobody else's", async () => {
    const { privateKey, publicKey } = await generateKeyPair("RS256");
    const domain = await oidcServer({ ...(await exportJWK(publicKey)), kid: "1", alg: "RS256" });
    const providers = configuredProviders({ providers: [{ domain, applicationID: "app" }] });
    const verifier = new TokenVerifier(providers, () => undefined);
    const claims = { iss: `${domain}/`, aud: ["app", "more"], sub: "alice" };
    const user = await verifier.verify(await sign(privateKey, claims, "RS256"));
    expect(user.identity.tokenIdentifier).toBe(`${domain}/|alice`);
    const { privateKey: other } = await generateKeyPair("RS256");
    await expect(verifier.verify(await sign(other, claims, "RS256"))).rejects.toMatchObject({
      code: "Unauthenticated",
    });
  });

  it("OIDC: a provider that is down refuses, and is asked again the next time", async () => {
    const { privateKey, publicKey } = await generateKeyPair("ES256");
    const down = configuredProviders({
      providers: [{ domain: "http://127.0.0.1:1", applicationID: "app" }],
    });
    const verifier = new TokenVerifier(down, () => undefined);
    const claims = { iss: "http://127.0.0.1:1", aud: "app", sub: "alice" };
    const token = await sign(privateKey, claims);
    for (let round = 0; round < 2; round += 1) {
      await expect(verifier.verify(token)).rejects.toMatchObject({ code: "Unauthenticated" });
    }
    expect(publicKey.type).toBe("public");
  });

  it.each([
    ["base64", (json: string) => `data:text/plain;base64,${btoa(json)}`],
    ["text", (json: string) => `data:application/json,${encodeURIComponent(json)}`],
  ])("customJwt: takes keys in a data URL as %s", async (_, toUrl) => {
    const { privateKey, publicKey } = await generateKeyPair("ES256");
    const jwks = toUrl(JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "1" }] }));
    const issuer = "https://auth.example.org";
    const providers = configuredProviders({
      providers: [{ type: "customJwt", issuer, jwks, algorithm: "ES256" }],
    });
    const verifier = new TokenVerifier(providers, () => undefined);
    const user = await verifier.verify(await sign(privateKey, { iss: issuer, sub: "alice" }));
    expect(user.identity.subject).toBe("alice");
    await expect(verifier.verify(await sign(privateKey, { iss: issuer }))).rejects.toMatchObject({
      code: "Unauthenticated",
    });
  });
});
