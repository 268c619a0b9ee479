declare const process: { env: Record<string, string | undefined> };

/** The variables of the deployment that the module reads; each is read at the call, so that a change needs no push. */
export const environment = {
  /** Keys that workers send, separated by commas; the first one signs tickets. */
  get apiKeys(): string | undefined {
    return process.env["CONVEX_API_KEY"];
  },
  get retentionDays(): string | undefined {
    return process.env["RETENTION_DAYS"];
  },
  /** Set by the platform. */
  get siteUrl(): string | undefined {
    return process.env["CONVEX_SITE_URL"];
  },
};
