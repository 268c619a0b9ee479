import type { ReactNode } from "react";
import { useText } from "../i18n/TextProvider";
import { usePage } from "../pageContext";
import { useElapsed } from "../useElapsed";

/** How long a job has been running; a component of its own, since it changes every second. */
export function ElapsedTime({ jobId }: { jobId: string }): ReactNode {
  const { t, format } = useText();
  const seconds = useElapsed(usePage().elapsedClock, jobId);
  return seconds !== null && <span>{t.active.elapsed(format.span(seconds))}</span>;
}
