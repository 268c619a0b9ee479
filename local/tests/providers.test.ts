import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from "jose";
import { describe, expect, it, onTestFinished } from "vitest";
import { configuredProviders } from "../src/auth/providers";
import { TokenVerifier } from "../src/auth/verifier";
import { now, sign } from "./tokens";

describe("the providers of auth.config.ts", () => {
  /** An OpenID provider with this key, and its issuer. */
  async function oidcServer(publicKey: CryptoKey, alg: string): Promise<string> {
    const jwk = { ...(await exportJWK(publicKey)), kid: "1", alg };
    const server = createServer((request, response) => {
      const isDocument = request.url === "/.well-known/openid-configuration";
      const document = { issuer: url, jwks_uri: `${url}keys` };
      response.end(JSON.stringify(isDocument ? document : { keys: [jwk] }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    return url;
  }

  const verifierOf = (provider: object): TokenVerifier =>
    new TokenVerifier(configuredProviders({ providers: [provider] }), () => undefined);

  /** Keys in a data URL. */
  async function jwksOf(publicKey: CryptoKey): Promise<string> {
    const keys = [{ ...(await exportJWK(publicKey)), kid: "1" }];
    return `data:text/plain;base64,${btoa(JSON.stringify({ keys }))}`;
  }

  it.each(["RS256", "EdDSA"])("OIDC: takes its %s tokens, and nobody else's", async (alg) => {
    const { privateKey, publicKey } = await generateKeyPair(alg);
    const iss = await oidcServer(publicKey, alg);
    const verifier = verifierOf({ domain: iss.slice(0, -1), applicationID: "app" });
    const claims = { iss, aud: ["app"], sub: "alice", email_verified: true };
    const { identity } = await verifier.verify(await sign(privateKey, claims, alg));
    expect(identity).toMatchObject({ tokenIdentifier: `${iss}|alice`, emailVerified: true });
    const { privateKey: other } = await generateKeyPair(alg);
    const bad: [CryptoKey, JWTPayload][] = [
      [other, {}],
      [privateKey, { aud: ["app", "more"] }],
      [privateKey, { exp: now() - 1 }],
    ];
    for (const [key, change] of bad) {
      const token = await sign(key, { ...claims, ...change }, alg);
      await expect(verifier.verify(token)).rejects.toMatchObject({
        code: "Unauthenticated",
        message: expect.stringContaining("Could not verify OIDC token claim") as string,
      });
    }
  });

  it("OIDC: refuses ES256, which customJwt takes", async () => {
    const { privateKey, publicKey } = await generateKeyPair("ES256");
    const iss = await oidcServer(publicKey, "ES256");
    const token = await sign(privateKey, { iss, aud: "app", sub: "alice" });
    const oidc = verifierOf({ domain: iss, applicationID: "app" });
    await expect(oidc.verify(token)).rejects.toMatchObject({
      code: "Unauthenticated",
      message: expect.stringContaining("Could not verify OIDC token claim") as string,
    });
    const jwks = await jwksOf(publicKey);
    const custom = { type: "customJwt", issuer: iss, applicationID: "app", jwks };
    const verifier = verifierOf({ ...custom, algorithm: "ES256" });
    expect((await verifier.verify(token)).identity.subject).toBe("alice");
    await expect(verifierOf({ ...custom, algorithm: "RS256" }).verify(token)).rejects.toMatchObject(
      { code: "InvalidAuthHeader" },
    );
    expect(() => verifierOf({ ...custom, algorithm: "EdDSA" })).toThrow(
      "only RS256 and ES256 are supported",
    );
  });

  it("OIDC: refuses a document of another issuer", async () => {
    const { privateKey, publicKey } = await generateKeyPair("RS256");
    const domain = await oidcServer(publicKey, "RS256");
    const iss = domain.slice(0, -1);
    const token = await sign(privateKey, { iss, aud: "app", sub: "alice" }, "RS256");
    const verifier = verifierOf({ domain, applicationID: "app" });
    await expect(verifier.verify(token)).rejects.toMatchObject({
      code: "AuthProviderDiscoveryFailed",
    });
  });

  it("OIDC: a provider that is down refuses, and is asked again the next time", async () => {
    const { privateKey } = await generateKeyPair("RS256");
    const verifier = verifierOf({ domain: "http://127.0.0.1:1", applicationID: "app" });
    const claims = { iss: "http://127.0.0.1:1", aud: "app", sub: "alice" };
    const token = await sign(privateKey, claims, "RS256");
    for (let round = 0; round < 2; round += 1) {
      await expect(verifier.verify(token)).rejects.toMatchObject({
        code: "AuthProviderDiscoveryFailed",
        status: 400,
      });
    }
  });

  it.each([
    ["base64", (json: string) => `data:text/plain;base64,${btoa(json)}`],
    ["text", (json: string) => `data:application/json,${encodeURIComponent(json)}`],
  ])("customJwt: takes keys in a data URL as %s", async (_, toUrl) => {
    const { privateKey, publicKey } = await generateKeyPair("ES256");
    const jwks = toUrl(JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "1" }] }));
    const issuer = "https://auth.example.org";
    const verifier = verifierOf({ type: "customJwt", issuer, jwks, algorithm: "ES256" });
    const user = await verifier.verify(await sign(privateKey, { iss: issuer, sub: "alice" }));
    expect(user.identity.subject).toBe("alice");
    await expect(verifier.verify(await sign(privateKey, { iss: issuer }))).rejects.toMatchObject({
      code: "InvalidAuthHeader",
    });
  });

  it("customJwt: needs a kid, and grants five seconds to slow clocks", async () => {
    const { privateKey, publicKey } = await generateKeyPair("ES256");
    const issuer = "https://auth.example.org";
    const jwks = await jwksOf(publicKey);
    const verifier = verifierOf({ type: "customJwt", issuer, jwks, algorithm: "ES256" });
    const claims = { iss: issuer, sub: "alice", exp: now() + 60 };
    const withoutKid = await new SignJWT(claims)
      .setProtectedHeader({ alg: "ES256" })
      .sign(privateKey);
    await expect(verifier.verify(withoutKid)).rejects.toThrow("missing a 'kid'");
    const late = await sign(privateKey, { ...claims, exp: now() - 2 });
    expect((await verifier.verify(late)).identity.subject).toBe("alice");
    const tooLate = await sign(privateKey, { ...claims, exp: now() - 10 });
    await expect(verifier.verify(tooLate)).rejects.toThrow("Could not validate token");
  });
});
