import type { AuthConfig } from "convex/server";

export default {
  providers: [
    {
      type: "customJwt",
      issuer: "https://clerk.example.com",
      jwks: "https://clerk.example.com/.well-known/jwks.json",
      algorithm: "RS256",
      applicationID: "convex",
    },
  ],
} satisfies AuthConfig;
