import type { ReactNode } from "react";
import type { JobStatus } from "../../transcription/types";
import { Icon } from "./Icon";

const ICONS = {
  pending: "wave",
  processing: "wave",
  completed: "check",
  failed: "alert",
  cancelled: "minus",
} as const satisfies Record<JobStatus, string>;

/** A status as a drawing; the word stands beside it. */
export function StatusMark({ status }: { status: JobStatus }): ReactNode {
  return (
    <span className={`status-mark ${status}`}>
      <Icon name={ICONS[status]} />
    </span>
  );
}
