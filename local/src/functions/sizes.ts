const UNITS: readonly [string, number][] = [
  ["GiB", 2 ** 30],
  ["GB", 1_000_000_000],
  ["MiB", 2 ** 20],
  ["MB", 1_000_000],
  ["KiB", 2 ** 10],
  ["KB", 1_000],
];

/** A limit in the unit that divides it: `16 MiB`. */
export function formatBytes(bytes: number): string {
  const unit = UNITS.find(([, size]) => bytes >= size && bytes % size === 0);
  return unit === undefined ? `${bytes} bytes` : `${bytes / unit[1]} ${unit[0]}`;
}

/** A measured size, with two decimals where it needs them: `16.02 MiB`. */
export function formatSize(bytes: number): string {
  const [unit, size] = UNITS.find(([name, least]) => name.endsWith("iB") && bytes >= least) ?? [
    "B",
    1,
  ];
  return `${Number((bytes / size).toFixed(2))} ${unit}`;
}
