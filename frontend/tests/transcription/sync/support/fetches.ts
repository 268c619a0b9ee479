import { onTestFinished } from "vitest";

/** Counts requests of this process that have not been answered, until the test ends. */
export function countFetches(): { pending: () => number } {
  const real = globalThis.fetch;
  let pending = 0;
  globalThis.fetch = async (input, init) => {
    pending += 1;
    try {
      const response = await real(input, init);
      const { status, headers } = response;
      // With its body, so that nothing is left to wait for.
      const body = await response.arrayBuffer();
      return new Response(status === 204 ? null : body, { status, headers });
    } finally {
      pending -= 1;
    }
  };
  onTestFinished(() => {
    globalThis.fetch = real;
  });
  return { pending: () => pending };
}
