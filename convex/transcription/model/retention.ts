import { DEFAULT_RETENTION_DAYS } from "./limits.js";

/** `RETENTION_DAYS` as a number of days, 0 for never. A value that is none deletes nothing. */
export function parseRetentionDays(setting: string | undefined): number | "invalid" {
  if (setting === undefined || setting.trim() === "") return DEFAULT_RETENTION_DAYS;
  const days = Number(setting);
  return Number.isFinite(days) && days >= 0 ? days : "invalid";
}
