import type { CronJob } from "convex/server";
import { describe, expect, it } from "vitest";
import { parseCronString } from "../src/crons/cronString";
import { nextRunOf } from "../src/crons/schedule";
import { connect, eventually, httpClient, mutation, query, startFixture, watch } from "./support";

const at = (time: string): number => Date.parse(`${time}Z`);

describe("the next run", () => {
  it.each<[string, CronJob["schedule"], string, string]>([
    ["seconds", { type: "interval", seconds: 90 }, "2026-01-01T00:00:05", "2026-01-01T00:01:35"],
    ["minutes", { type: "interval", minutes: 2 }, "2026-01-01T23:59:00", "2026-01-02T00:01:00"],
    ["hours", { type: "interval", hours: 5 }, "2026-01-01T00:00:00", "2026-01-01T05:00:00"],
    ["hourly", { type: "hourly", minuteUTC: 30 }, "2026-01-01T10:30:00", "2026-01-01T11:30:00"],
    [
      "daily",
      { type: "daily", hourUTC: 3, minuteUTC: 15 },
      "2026-12-31T03:15:01",
      "2027-01-01T03:15:00",
    ],
    [
      "weekly",
      { type: "weekly", dayOfWeek: "monday", hourUTC: 0, minuteUTC: 0 },
      "2026-07-29T12:00:00",
      "2026-08-03T00:00:00",
    ],
    [
      "monthly, in a month that has the day",
      { type: "monthly", day: 31, hourUTC: 1, minuteUTC: 2 },
      "2026-01-31T01:02:00",
      "2026-03-31T01:02:00",
    ],
    ["steps", { type: "cron", cron: "*/15 * * * *" }, "2026-01-01T00:15:00", "2026-01-01T00:30:00"],
    [
      "lists",
      { type: "cron", cron: "5,50 8-9 * * *" },
      "2026-01-01T08:51:00",
      "2026-01-01T09:05:00",
    ],
    [
      "names",
      { type: "cron", cron: "0 0 * FEB mon" },
      "2026-01-01T00:00:00",
      "2026-02-02T00:00:00",
    ],
    [
      "Sunday as 7",
      { type: "cron", cron: "0 0 * * 7" },
      "2026-07-29T00:00:00",
      "2026-08-02T00:00:00",
    ],
    [
      "29 February",
      { type: "cron", cron: "0 0 29 2 *" },
      "2026-01-01T00:00:00",
      "2028-02-29T00:00:00",
    ],
    [
      "either day, when both are given",
      { type: "cron", cron: "0 0 13 * fri" },
      "2026-07-31T00:00:00",
      "2026-08-07T00:00:00",
    ],
  ])("%s", (_, schedule, after, next) => {
    expect(nextRunOf("job", schedule)(at(after))).toBe(at(next));
  });

  it("is in a minute of its own where the schedule leaves it open", () => {
    const next = nextRunOf("clean up", { type: "hourly" });
    const first = next(at("2026-01-01T00:00:00"));
    expect(next(first) - first).toBe(3_600_000);
    const other = nextRunOf("something else", { type: "hourly" });
    expect(other(at("2026-01-01T00:00:00"))).not.toBe(first);
  });

  it("of a day that never comes is never", () => {
    expect(nextRunOf("job", { type: "cron", cron: "0 0 31 2 *" })(Date.now())).toBe(Infinity);
  });

  it.each(["* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8"])(
    "cannot be told from %s",
    (cron) => {
      expect(() => parseCronString(cron)).toThrow();
    },
  );

  it.each(["x * * * *", "5-1 * * * *", "*/0 * * * *", "1--2 * * * *", "1,,2 * * * *", ""])(
    "cannot be told from %j",
    (cron) => {
      expect(() => parseCronString(cron)).toThrow();
    },
  );
});

it("the jobs of crons.ts run, and subscribers see what they wrote", async () => {
  const backend = await startFixture();
  const ticks = watch(connect(backend), "ticks:count");
  await eventually(() => {
    expect(ticks.at(-1)).toBeGreaterThanOrEqual(2);
  });
});

it("finished scheduled functions leave nothing behind that slows down queries", async () => {
  const backend = await startFixture();
  const client = await httpClient(backend);
  for (let round = 0; round < 5; round += 1) {
    await client.mutation(mutation("notes:addLater"), { text: `${round}`, ms: 1 });
  }
  const seen = watch(connect(backend), "notes:scheduled");
  await eventually(() => {
    expect(seen.at(-1)).toBe(0);
  });
  expect(await client.query(query("notes:count"), {})).toBe(5);
});
