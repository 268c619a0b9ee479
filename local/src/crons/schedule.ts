import type { CronJob } from "convex/server";
import { parseCronString, type CronFields } from "./cronString";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** A 29 February may be eight years away; a date that is further away never comes. */
const MAX_DAYS_AHEAD = 8 * 366;

type Schedule = CronJob["schedule"];

/** Tells when a job runs next: the first time after `after`, both in milliseconds since the epoch. */
export type NextRun = (after: number) => number;

/**
 * How a cron job's runs follow from its schedule. Where the schedule leaves the minute open, the
 * job's name decides it, as a deployment spreads its jobs over the hour.
 * @throws Error when a cron string cannot be read
 */
export function nextRunOf(name: string, schedule: Schedule): NextRun {
  switch (schedule.type) {
    case "interval": {
      const period = intervalMs(schedule);
      return (after) => after + period;
    }
    case "hourly":
      return atFields(`${schedule.minuteUTC ?? minuteOf(name)} * * * *`);
    case "daily":
      return atFields(`${schedule.minuteUTC ?? minuteOf(name)} ${schedule.hourUTC} * * *`);
    case "weekly": {
      const weekday = schedule.dayOfWeek.slice(0, 3);
      return atFields(`${schedule.minuteUTC ?? minuteOf(name)} ${schedule.hourUTC} * * ${weekday}`);
    }
    case "monthly":
      return atFields(
        `${schedule.minuteUTC ?? minuteOf(name)} ${schedule.hourUTC} ${schedule.day} * *`,
      );
    case "cron":
      return atFields(schedule.cron);
  }
}

function intervalMs(schedule: Schedule & { type: "interval" }): number {
  if ("seconds" in schedule) return schedule.seconds * 1_000;
  if ("minutes" in schedule) return schedule.minutes * MINUTE_MS;
  return schedule.hours * 60 * MINUTE_MS;
}

function minuteOf(name: string): number {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 60;
  return sum;
}

function atFields(cron: string): NextRun {
  const fields = parseCronString(cron);
  return (after) => {
    const start = Math.floor(after / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
    for (let ahead = 0; ahead <= MAX_DAYS_AHEAD; ahead += 1) {
      const day = Math.floor(start / DAY_MS) * DAY_MS + ahead * DAY_MS;
      if (!fitsDay(fields, new Date(day))) continue;
      for (const hour of ascending(fields.hours)) {
        for (const minute of ascending(fields.minutes)) {
          const time = day + (hour * 60 + minute) * MINUTE_MS;
          if (time >= start) return time;
        }
      }
    }
    return Infinity;
  };
}

function fitsDay(fields: CronFields, day: Date): boolean {
  if (!fields.months.has(day.getUTCMonth() + 1)) return false;
  const fitsDate = fields.days.has(day.getUTCDate());
  const fitsWeekday = fields.weekdays.has(day.getUTCDay());
  return fields.eitherDay ? fitsDate || fitsWeekday : fitsDate && fitsWeekday;
}

function ascending(values: ReadonlySet<number>): number[] {
  return [...values].sort((one, other) => one - other);
}
