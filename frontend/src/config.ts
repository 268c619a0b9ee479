/** Where the page finds what it talks to. */
export interface PageConfig {
  /** The Convex deployment; `null` where VITE_CONVEX_URL is not set. */
  convexUrl: string | null;
  /** The worker's HTTP API; `null` where VITE_API_URL is empty: uploads are off. */
  apiBaseUrl: string | null;
}

/** As the environment was when the page was built, or when its dev server started. */
export const config: PageConfig = {
  convexUrl: given(import.meta.env.VITE_CONVEX_URL),
  apiBaseUrl: given(import.meta.env.VITE_API_URL),
};

function given(value: string | undefined): string | null {
  const trimmed = value?.trim() ?? "";
  return trimmed === "" ? null : trimmed;
}
