/** Numbers, sizes, times and names, written as a language does. */
export interface Formats {
  number: (value: number) => string;
  /** 0–100 as whole percent, rounded down: 100 % is said only of what is finished. */
  percent: (value: number) => string;
  /** Bytes, in thousands: `3.2 MB`. */
  bytes: (bytes: number) => string;
  /** Bytes that are allowed, never more than there are: `1.07 GB`. */
  limit: (bytes: number) => string;
  /** Seconds as a person says them, to the second: `1 hr 2 min`, `2 min 5 sec`. */
  span: (seconds: number) => string;
  /** Epoch milliseconds as a day and a time. */
  moment: (time: number) => string;
  /** A language's name from its code; what is no code stays as it is. */
  languageName: (code: string) => string;
  /** Words in a list: `mp3, m4a, and wav`. */
  list: (items: readonly string[]) => string;
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

function inUnits(bytes: number): { value: number; name: string; isLarge: boolean } {
  const power = bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3);
  const index = Math.min(power, UNITS.length - 1);
  return { value: bytes / 1000 ** index, name: UNITS[index] ?? "byte", isLarge: index > 1 };
}

/** The formats of one language. */
export function createFormats(language: string): Formats {
  const number = new Intl.NumberFormat(language);
  const percent = new Intl.NumberFormat(language, { style: "percent" });
  const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  const names = new Intl.DisplayNames(language, { type: "language" });
  const list = new Intl.ListFormat(language, { type: "conjunction" });
  const unit = (value: number, name: string, maximumFractionDigits = 0): string =>
    new Intl.NumberFormat(language, {
      style: "unit",
      unit: name,
      unitDisplay: "short",
      maximumFractionDigits,
    }).format(value);

  return {
    number: (value) => number.format(value),
    percent: (value) => percent.format(Math.floor(value) / 100),
    bytes: (bytes) => {
      const { value, name, isLarge } = inUnits(bytes);
      return unit(value, name, isLarge ? 1 : 0);
    },
    limit: (bytes) => {
      const { value, name } = inUnits(bytes);
      return unit(Math.floor(value * 100) / 100, name, 2);
    },
    span: (seconds) => {
      const whole = Math.max(0, Math.floor(seconds));
      const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
      const parts: string[] = [];
      if (h > 0) parts.push(unit(h, "hour"));
      if (m > 0) parts.push(unit(m, "minute"));
      if (h === 0 && (s > 0 || m === 0)) parts.push(unit(s, "second"));
      return parts.join(" ");
    },
    moment: (time) => moment.format(time),
    languageName: (code) => {
      try {
        return names.of(code) ?? code;
      } catch {
        return code;
      }
    },
    list: (items) => list.format(items),
  };
}

/** Seconds as a place in a recording, the same in every language: `2:05`, `1:02:05`. */
export function clockTime(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value: number): string => String(value).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
