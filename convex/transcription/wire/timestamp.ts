import * as z from "zod/v4/mini";
import { documented } from "./forms.js";
import { MAX_CLOCK_AHEAD, MIN_TIMESTAMP } from "../model/limits.js";

const RFC_3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(\.\d+)?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/**
 * Epoch milliseconds of an RFC 3339 time, to the nearest millisecond; `null` for anything else:
 * no offset, no such day. `Date.parse` would take February 30 for March 2.
 */
export function parseRfc3339(text: string): number | null {
  const match = RFC_3339.exec(text);
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const [offsetHours, offsetMinutes] = [Number(match[9] ?? 0), Number(match[10] ?? 0)];
  const daysInMonth = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const exists =
    month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth && hour <= 23 && minute <= 59;
  // RFC 3339 allows a leap second's :60.
  if (!exists || second > 60 || offsetHours > 23 || offsetMinutes > 59) return null;
  const milliseconds = Math.round(Number(match[7] ?? 0) * 1000);
  const offset = (offsetHours * 60 + offsetMinutes) * 60_000 * (match[8] === "-" ? -1 : 1);
  return Date.UTC(year, month - 1, day, hour, minute, second) + milliseconds - offset;
}

/** An RFC 3339 time with an offset, or epoch milliseconds; gives whole epoch milliseconds. */
export const timestamp = z
  .pipe(
    z.custom<string | number>(
      (value) => typeof value === "string" || typeof value === "number",
      "expected an RFC 3339 time with an offset, or epoch milliseconds",
    ),
    z.transform((value, context) => {
      const time = typeof value === "number" ? Math.round(value) : parseRfc3339(value);
      const problem = timeProblem(time);
      if (time !== null && problem === null) return time;
      context.issues.push({ code: "custom", input: value, message: problem ?? "not a time" });
      return z.NEVER;
    }),
  )
  .register(documented, {
    description: "RFC 3339 with an offset, or epoch milliseconds.",
    anyOf: [
      { type: "string", pattern: RFC_3339.source },
      { type: "number", minimum: MIN_TIMESTAMP - 0.5 },
    ],
  });

function timeProblem(time: number | null): string | null {
  if (time === null || Number.isNaN(time)) {
    return "expected an RFC 3339 time with an offset, such as 2026-01-31T12:00:00.000Z";
  }
  if (time < MIN_TIMESTAMP) return "is before the year 2000; epoch times are in milliseconds";
  if (time > Date.now() + MAX_CLOCK_AHEAD) return "is more than a day ahead of the server's clock";
  return null;
}
