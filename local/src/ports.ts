/**
 * Reads a port from the command line; `undefined` when the flag is not given.
 * @throws Error that names the flag
 */
export function readPort(flag: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const port = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (!(port <= 65_535)) throw new Error(`${flag} must be a port, 0 to 65535, not "${value}".`);
  return port;
}
