import { describe, expect, test } from "vitest";
import { userIdOf } from "../convex/transcription/userId";
import authConfig from "../convex/auth.config";

const OWN = "https://happy-animal-123.convex.site";

function identity(issuer: string, subject: string) {
  return { issuer, subject, tokenIdentifier: `${issuer}|${subject}` };
}

describe("who the user is", () => {
  test.each([
    ["https://issuer.example", "alice", "https://issuer.example|alice"],
    ["https://issuer.example", "auth0|1", "https://issuer.example|auth0|1"],
    [OWN, "user|session", `${OWN}|user`],
    [OWN, "user|with|session", `${OWN}|user|with`],
    [OWN, "user", `${OWN}|user`],
  ])("%s %s → %s", (issuer, subject, expected) => {
    expect(userIdOf(identity(issuer, subject), OWN)).toBe(expected);
  });

  test("without a site URL every identifier stays whole", () => {
    expect(userIdOf(identity("", "user|session"), undefined)).toBe("|user|session");
  });

  test("a fresh deployment has no provider to configure", () => {
    expect(authConfig).toEqual({ providers: [] });
  });
});
