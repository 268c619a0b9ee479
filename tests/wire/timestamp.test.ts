import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseRfc3339 } from "../../convex/transcription/wire/timestamp";

describe("RFC 3339 times", () => {
  test.each<[string, string]>([
    ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000Z"],
    ["2026-01-31t12:00:00z", "2026-01-31T12:00:00.000Z"],
    ["2026-01-31 12:00:00+00:00", "2026-01-31T12:00:00.000Z"],
    ["2026-01-31T12:00:00.1+02:00", "2026-01-31T10:00:00.100Z"],
    ["2026-01-31T12:00:00.123456-05:30", "2026-01-31T17:30:00.123Z"],
    ["2026-01-31T12:00:00.9996Z", "2026-01-31T12:00:01.000Z"],
    ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"],
    ["2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"],
    ["2026-12-31T23:30:00-01:00", "2027-01-01T00:30:00.000Z"],
  ])("%s", (text, expected) => {
    expect(new Date(parseRfc3339(text) ?? 0).toISOString()).toBe(expected);
  });

  test.each([
    "2026-01-31T12:00:00",
    "2026-01-31",
    "2026-01-31T12:00Z",
    "2026-02-30T12:00:00Z",
    "2025-02-29T12:00:00Z",
    "2026-13-01T12:00:00Z",
    "2026-00-01T12:00:00Z",
    "2026-01-00T12:00:00Z",
    "2026-01-31T24:00:00Z",
    "2026-01-31T12:60:00Z",
    "2026-01-31T12:00:61Z",
    "2026-01-31T12:00:00+24:00",
    "2026-01-31T12:00:00+0200",
    "20260131T120000Z",
    "1769860800000",
    " 2026-01-31T12:00:00Z",
    "",
  ])("%j is none", (text) => {
    expect(parseRfc3339(text)).toBeNull();
  });

  test("agrees with Date on every time that Date writes", () => {
    const dates = fc.date({
      min: new Date("2000-01-01T00:00:00Z"),
      max: new Date("9999-12-31T23:59:59Z"),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(dates, (date) => {
        expect(parseRfc3339(date.toISOString())).toBe(date.getTime());
      }),
    );
  });
});
