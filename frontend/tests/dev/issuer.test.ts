// @vitest-environment node
import {
  chmodSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { inspect } from "node:util";
import { ConvexClient, ConvexHttpClient } from "convex/browser";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { api } from "../../../convex/_generated/api";
import { DEV_ISSUER } from "../../../local/src/auth/devIssuer";
import { isSameIssuer } from "../../../local/src/auth/providers";
import { startBackend, type Backend } from "../../../local/src/backend";
import { loadIssuer, type Issuer } from "../../dev/issuer";
import { authConfigOf, providerInstructions } from "../../dev/providerText";

const REPOSITORY = path.join(import.meta.dirname, "../../..");

// In the repository, where a copy of its functions finds the packages that they import.
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(path.join(REPOSITORY, "node_modules", ".issuer-test-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

let files = 0;
function freshFile(): string {
  files += 1;
  return path.join(folder, `issuer-${files}.json`);
}

describe("the key file", () => {
  it("is made at the first run, for its owner's eyes alone, and kept", async () => {
    const file = freshFile();
    const first = await loadIssuer(file);
    const content = readFileSync(file, "utf8");
    if (process.platform !== "win32") expect(statSync(file).mode & 0o777).toBe(0o600);
    const second = await loadIssuer(file);
    expect(second.provider).toEqual(first.provider);
    expect(readFileSync(file, "utf8")).toBe(content);
  });

  it("is the same for all who ask while there is none", async () => {
    const file = freshFile();
    const issuers = await Promise.all(Array.from({ length: 8 }, () => loadIssuer(file)));
    expect(new Set(issuers.map(({ provider }) => provider.issuer)).size).toBe(1);
  });

  it.each([
    ["empty", ""],
    ["no JSON", "-----BEGIN PRIVATE KEY-----"],
    ["null", "null"],
    ["another thing", '{"providers":[]}'],
    ["a public key", '{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}'],
    ["a key of another kind", '{"kty":"RSA","n":"AA","e":"AQAB","d":"AA"}'],
    ["a key that is cut off", '{"kty":"EC","crv":"P-256","x":"AA","y":"AA","d":"AA"}'],
    ["numbers", '{"kty":"EC","crv":"P-256","x":1,"y":2,"d":3}'],
  ])("that is broken (%s) stays as it is, and the error says what to do", async (_, content) => {
    const file = freshFile();
    writeFileSync(file, content);
    await expect(loadIssuer(file)).rejects.toThrow(/Delete it, run `npm run dev-issuer`/);
    await expect(loadIssuer(file)).rejects.toThrow(file);
    expect(readFileSync(file, "utf8")).toBe(content);
  });

  it("that is broken is not shown in the error", async () => {
    const file = freshFile();
    await loadIssuer(file);
    const content = readFileSync(file, "utf8");
    const { d } = JSON.parse(content) as { d: string };
    // The parser stops inside the key.
    writeFileSync(file, content.replace(d, `${d.slice(0, 12)}"${d.slice(12)}`));
    const error: unknown = await loadIssuer(file).catch((reason: unknown) => reason);
    expect(inspect(error)).toContain("Delete it");
    expect(inspect(error)).not.toContain(d.slice(12, 16));
  });

  it.skipIf(process.getuid?.() === 0)("that may not be read is not replaced", async () => {
    const file = freshFile();
    await loadIssuer(file);
    chmodSync(file, 0);
    await expect(loadIssuer(file)).rejects.toThrow("EACCES");
  });
});

describe("a token", () => {
  it("has what Convex needs, for an hour", async () => {
    const issuer = await loadIssuer(freshFile());
    const { provider } = issuer;
    const signed = await issuer.token("auth0|alice");
    const { kid, ...header } = decodeProtectedHeader(signed);
    expect(header).toEqual({ alg: "ES256", typ: "JWT" });
    const { iat = 0, exp, ...claims } = decodeJwt(signed);
    expect(claims).toEqual({ iss: provider.issuer, sub: "auth0|alice", aud: "convex" });
    expect(exp).toBe(iat + 3_600);
    expect(Math.abs(iat - Date.now() / 1_000)).toBeLessThan(60);
    const [, base64 = ""] = provider.jwks.split(",");
    const { keys } = JSON.parse(atob(base64)) as { keys: Record<string, string>[] };
    expect(keys).toMatchObject([{ kid, alg: "ES256", kty: "EC", crv: "P-256", use: "sig" }]);
    expect(keys[0]).not.toHaveProperty("d");
  });

  it("has an issuer of its own for each key, and never that of the embedded backend", async () => {
    const [one, other] = [await loadIssuer(freshFile()), await loadIssuer(freshFile())];
    expect(one.provider.issuer).not.toBe(other.provider.issuer);
    expect(isSameIssuer(one.provider.issuer, DEV_ISSUER)).toBe(false);
    expect(new URL(one.provider.issuer).href).toBe(one.provider.issuer);
  });
});

describe("a backend that has the printed provider", () => {
  let backend: Backend;
  let trusted: Issuer;

  beforeAll(async () => {
    trusted = await loadIssuer(freshFile());
    const printed = providerInstructions(trusted.provider, ".dev-issuer.json");
    const config = authConfigOf(trusted.provider);
    expect(printed).toContain(config);
    const functionsDir = path.join(folder, "convex");
    cpSync(path.join(REPOSITORY, "convex"), functionsDir, { recursive: true });
    writeFileSync(path.join(functionsDir, "auth.config.ts"), config);
    const log = () => undefined;
    backend = await startBackend({ port: 0, sitePort: 0, functionsDir, devIssuer: false, log });
  });
  afterAll(() => backend.close());

  async function http(issuer: Issuer, subject: string): Promise<ConvexHttpClient> {
    const client = new ConvexHttpClient(backend.url, { logger: false });
    client.setAuth(await issuer.token(subject));
    return client;
  }

  it("takes its tokens, and tells its users apart", async () => {
    const alice = await http(trusted, "alice");
    const { jobId } = await alice.mutation(api.transcriptionJobs.create, { fileName: "a.mp3" });
    expect(await alice.query(api.transcriptionJobs.get, { jobId })).toMatchObject({
      userId: `${trusted.provider.issuer}|alice`,
    });
    const bob = await http(trusted, "bob");
    expect(await bob.query(api.transcriptionJobs.get, { jobId })).toBeNull();
  });

  it("takes them over the WebSocket too", async () => {
    const client = new ConvexClient(backend.url, { logger: false });
    onTestFinished(() => client.close());
    client.setAuth(() => trusted.token("carol"));
    const { jobId } = await client.mutation(api.transcriptionJobs.create, {});
    const seen: unknown[] = [];
    client.onUpdate(api.transcriptionJobs.listActive, {}, (jobs) => seen.push(jobs));
    await vi.waitFor(() => {
      expect(seen.at(-1)).toMatchObject([{ jobId }]);
    });
  });

  it("refuses those of another key, also under the trusted name", async () => {
    const other = await loadIssuer(freshFile());
    const unknown = await http(other, "alice");
    await expect(unknown.query(api.transcriptionJobs.stats, {})).rejects.toThrow(
      "No auth provider found",
    );
    // Signed by the other key, with the trusted issuer's name and key id.
    const [header, payload] = (await trusted.token("alice")).split(".");
    const [, , signature] = (await other.token("alice")).split(".");
    const forged = new ConvexHttpClient(backend.url, { logger: false });
    forged.setAuth([header, payload, signature].join("."));
    await expect(forged.query(api.transcriptionJobs.stats, {})).rejects.toThrow(
      "Could not decode token",
    );
  });
});

describe("what is printed", () => {
  it("says how to use it, and what is to be feared", async () => {
    const { provider } = await loadIssuer(freshFile());
    const printed = providerInstructions(provider, ".dev-issuer.json");
    expect(printed).toContain(provider.jwks);
    expect(printed).toContain("npm run dev --workspace frontend");
    expect(printed).toContain("can sign in as anyone");
    expect(printed).toContain("development");
  });
});
