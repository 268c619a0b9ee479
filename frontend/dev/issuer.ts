import { readFile, writeFile } from "node:fs/promises";
import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  SignJWT,
  type CryptoKey,
} from "jose";

/** An entry of `convex/auth.config.ts` that makes a deployment trust a key. */
export interface IssuerProvider {
  type: "customJwt";
  issuer: string;
  applicationID: string;
  algorithm: "ES256";
  /** The public key itself, as a data URL: nothing has to be served. */
  jwks: string;
}

/** Signs anybody in to the development deployments that trust its key. */
export interface Issuer {
  /** A token for the subject, valid for an hour. */
  token(subject: string): Promise<string>;
  provider: IssuerProvider;
}

// Followed by the key's own name. So two developers' providers can stand side by side in one
// deployment, which takes the first that has a token's issuer, and their users are not the same.
const ISSUER_BASE = "https://dev-issuer.localhost/";
const AUDIENCE = "convex";
const ALGORITHM = "ES256";
const LIFETIME = "1h";

/**
 * The issuer whose key pair is in the file; where there is no file, a new one is made and kept.
 * @throws Error when the file cannot be read or written, or holds something else
 */
export async function loadIssuer(file: string): Promise<Issuer> {
  const { privateKey, publicJwk } = await keyPairOf(await readOrCreate(file), file);
  const kid = await calculateJwkThumbprint(publicJwk);
  const issuer = ISSUER_BASE + kid;
  const keys = JSON.stringify({ keys: [{ ...publicJwk, kid, alg: ALGORITHM, use: "sig" }] });
  return {
    token: (subject) =>
      new SignJWT()
        .setProtectedHeader({ alg: ALGORITHM, kid, typ: "JWT" })
        .setIssuer(issuer)
        .setSubject(subject)
        .setAudience(AUDIENCE)
        .setIssuedAt()
        .setExpirationTime(LIFETIME)
        .sign(privateKey),
    provider: {
      type: "customJwt",
      issuer,
      applicationID: AUDIENCE,
      algorithm: ALGORITHM,
      jwks: `data:text/plain;charset=utf-8;base64,${btoa(keys)}`,
    },
  };
}

async function readOrCreate(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  const json = `${JSON.stringify(await exportJWK(privateKey), null, 2)}\n`;
  try {
    await writeFile(file, json, { flag: "wx", mode: 0o600 });
    return json;
  } catch (error) {
    // Another process has made it in the meantime: both must have the same key.
    if (hasCode(error, "EEXIST")) return readFile(file, "utf8");
    throw error;
  }
}

interface PublicKey {
  kty: "EC";
  crv: "P-256";
  x: string;
  y: string;
}

async function keyPairOf(
  json: string,
  file: string,
): Promise<{ privateKey: CryptoKey; publicJwk: PublicKey }> {
  const key = parseKey(json);
  const privateKey = key && (await importJWK(key, ALGORITHM).catch(() => null));
  if (key === null || privateKey === null) {
    // Nothing of the file is quoted: it may be a key after all.
    throw new Error(
      `${file} should hold the private key of the dev issuer, and does not. Delete it, run ` +
        "`npm run dev-issuer` for a new key, and replace the provider in convex/auth.config.ts.",
    );
  }
  const { d: _, ...publicJwk } = key;
  return { privateKey, publicJwk };
}

function parseKey(json: string): (PublicKey & { d: string }) | null {
  try {
    const { kty, crv, x, y, d } = JSON.parse(json) as Record<string, unknown>;
    const isKey = kty === "EC" && crv === "P-256";
    if (!isKey || typeof x !== "string" || typeof y !== "string" || typeof d !== "string") {
      return null;
    }
    return { kty, crv, x, y, d };
  } catch {
    return null;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
