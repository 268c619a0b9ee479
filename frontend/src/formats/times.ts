// No recording is as long; larger numbers could not be told apart by a millisecond.
const MAX_MS = 1e12;

/** Seconds in whole milliseconds. */
export function toMilliseconds(seconds: number): number {
  if (Number.isNaN(seconds)) return 0;
  return Math.min(MAX_MS, Math.max(0, Math.round(seconds * 1_000)));
}

/** Milliseconds as `HH:MM:SS,mmm`; hours take more digits where they must. */
export function cueTime(milliseconds: number, decimalSign: "," | "."): string {
  const { hours, minutes, seconds } = clock(milliseconds);
  const fraction = String(milliseconds % 1_000).padStart(3, "0");
  return `${twoDigits(hours)}:${twoDigits(minutes)}:${twoDigits(seconds)}${decimalSign}${fraction}`;
}

/** Seconds as `H:MM:SS`, the second that has begun. */
export function readableTime(seconds: number): string {
  const { hours, minutes, seconds: rest } = clock(toMilliseconds(seconds));
  return `${hours}:${twoDigits(minutes)}:${twoDigits(rest)}`;
}

function clock(milliseconds: number): { hours: number; minutes: number; seconds: number } {
  const all = Math.floor(milliseconds / 1_000);
  return {
    hours: Math.floor(all / 3_600),
    minutes: Math.floor(all / 60) % 60,
    seconds: all % 60,
  };
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
