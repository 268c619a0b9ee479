import { formatWithOptions } from "node:util";

/** A `console` whose lines go to `log`, each with its level and the function's name in front. */
export function functionConsole(name: string, log: (line: string) => void): Console {
  const write =
    (level: string) =>
    (...values: unknown[]): void => {
      log(`[${name}] [${level}] ${formatWithOptions({ depth: 6 }, ...values)}`);
    };
  return {
    ...console,
    debug: write("DEBUG"),
    log: write("LOG"),
    info: write("INFO"),
    warn: write("WARN"),
    error: write("ERROR"),
    trace: write("TRACE"),
  };
}
