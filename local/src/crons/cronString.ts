/** The minutes at which a job runs, field by field, in UTC. */
export interface CronFields {
  minutes: ReadonlySet<number>;
  hours: ReadonlySet<number>;
  days: ReadonlySet<number>;
  months: ReadonlySet<number>;
  /** 0 is Sunday. */
  weekdays: ReadonlySet<number>;
  /** Cron's old rule: when both day fields are given, a day that fits one of them is enough. */
  eitherDay: boolean;
}

const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const WEEKDAYS = "sun mon tue wed thu fri sat".split(" ");

/**
 * Reads `minute hour day month weekday`, each a list of `*`, numbers, names and ranges with steps.
 * @throws Error that quotes what it cannot read
 */
export function parseCronString(cron: string): CronFields {
  const fields = cron.trim().toLowerCase().split(/\s+/);
  const [minute, hour, day, month, weekday] = fields;
  if (fields.length !== 5 || !minute || !hour || !day || !month || !weekday) {
    throw new Error(`A cron string has five fields, got "${cron}"`);
  }
  return {
    minutes: parseField(minute, 0, 59),
    hours: parseField(hour, 0, 23),
    days: parseField(day, 1, 31),
    months: parseField(month, 1, 12, MONTHS),
    weekdays: new Set([...parseField(weekday, 0, 7, WEEKDAYS)].map((value) => value % 7)),
    eitherDay: !day.startsWith("*") && !weekday.startsWith("*"),
  };
}

function parseField(field: string, min: number, max: number, names: string[] = []): Set<number> {
  const values = new Set<number>();
  for (const part of field.split(",")) {
    const match = /^(\*|\w+)(?:-(\w+))?(?:\/(\d+))?$/.exec(part);
    const [, from = "", to, stepText] = match ?? [];
    const step = Number(stepText ?? 1);
    const first = from === "*" ? min : numberOf(from, min, names);
    // `5/15` means from 5 on, `5` means 5 alone.
    const last = to !== undefined ? numberOf(to, min, names) : lastWithoutRange(from, stepText);
    const isValid = first >= min && last <= max && first <= last && step >= 1;
    if (match === null || !isValid) throw new Error(`Cannot read "${part}" in a cron string`);
    for (let value = first; value <= last; value += step) values.add(value);
  }
  return values;

  function lastWithoutRange(from: string, step: string | undefined): number {
    return from === "*" || step !== undefined ? max : numberOf(from, min, names);
  }
}

function numberOf(text: string, min: number, names: string[]): number {
  const index = names.indexOf(text);
  if (index !== -1) return index + min;
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}
