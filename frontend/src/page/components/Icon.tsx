import type { ReactNode } from "react";

const PATHS = {
  upload:
    "M12 16V5m0 0L7.5 9.5M12 5l4.5 4.5M5 15v3a1.5 1.5 0 0 0 1.5 1.5h11A1.5 1.5 0 0 0 19 18v-3",
  check: "m5.5 12.5 4 4 9-9.5",
  cross: "m7 7 10 10M17 7 7 17",
  alert: "M12 7.5v5.5m0 3.2v.1M12 3.5 2.8 19.5h18.4L12 3.5Z",
  minus: "M7 12h10",
  copy: "M9 9V6.5A1.5 1.5 0 0 1 10.5 5h7A1.5 1.5 0 0 1 19 6.5v7a1.5 1.5 0 0 1-1.5 1.5H15M6.5 9h7A1.5 1.5 0 0 1 15 10.5v7a1.5 1.5 0 0 1-1.5 1.5h-7A1.5 1.5 0 0 1 5 17.5v-7A1.5 1.5 0 0 1 6.5 9Z",
  download: "M12 5v10m0 0-4-4m4 4 4-4M5 19h14",
  retry: "M19 12a7 7 0 1 1-2.1-5M19 4v4h-4",
  trash: "M5 7h14M10 7V5h4v2m-7.5 0 .8 12h9.4l.8-12M10 11v5m4-5v5",
  wave: "M5 10v4m3.5-7v10M12 4.5v15M15.5 8v8M19 10.5v3",
} as const;

/** A small drawing beside a word that says the same; screen readers skip it. */
export function Icon({ name }: { name: keyof typeof PATHS }): ReactNode {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
