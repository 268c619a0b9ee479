interface WithJsdom {
  jsdom: { virtualConsole: { removeAllListeners: (event: string) => void } };
}

/** Keeps jsdom from writing each request that fails to the console. */
export function quietRequests(): void {
  const { jsdom } = globalThis as unknown as WithJsdom;
  jsdom.virtualConsole.removeAllListeners("jsdomError");
}
