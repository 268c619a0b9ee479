import type { MouseEvent, ReactNode } from "react";
import { jobHref, openJob } from "../route";

interface JobLinkProps {
  jobId: string;
  className: string;
  /** For screen readers, where the visible words alone say too little. */
  label?: string;
  children: ReactNode;
}

/** Opens a job's transcript; a real link, so that it can be copied or opened in another tab. */
export function JobLink({ jobId, className, label, children }: JobLinkProps): ReactNode {
  const open = (event: MouseEvent): void => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    openJob(jobId);
  };
  return (
    <a
      className={className}
      href={jobHref(jobId)}
      onClick={open}
      {...(label && { "aria-label": label })}
    >
      {children}
    </a>
  );
}
