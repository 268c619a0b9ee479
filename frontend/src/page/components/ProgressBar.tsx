import type { CSSProperties, ReactNode } from "react";

interface ProgressBarProps {
  /** What makes progress, for screen readers. */
  label: string;
  /** 0–100; `null` while nobody knows. */
  value: number | null;
  /** The value in words. */
  valueText: string;
  look: "normal" | "sending" | "stalled";
}

/** How far something is. */
export function ProgressBar({ label, value, valueText, look }: ProgressBarProps): ReactNode {
  const style: CSSProperties & Record<"--share", number> = { "--share": (value ?? 0) / 100 };
  return (
    <div
      className={`progress ${value === null ? "unknown" : look}`}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuetext={valueText}
      style={style}
      {...(value !== null && { "aria-valuenow": Math.floor(value) })}
    >
      <span className="progress-fill" />
    </div>
  );
}
