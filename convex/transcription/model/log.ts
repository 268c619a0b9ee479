/** What a log line may hold: never a key, never a transcript's text. */
export interface LogFields {
  event: string;
  [field: string]: string | number | boolean | null | undefined;
}

/** Writes one line of JSON, so that a log drain can filter by its fields. */
export function log(fields: LogFields): void {
  console.log(JSON.stringify(fields));
}
