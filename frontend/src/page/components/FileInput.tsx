import type { ReactNode } from "react";
import type { UploadLimits } from "../checkFile";
import { acceptAttribute } from "../checkFile";

interface FileInputProps {
  children: ReactNode;
  className: string;
  limits: UploadLimits | null;
  multiple?: boolean;
  onFiles: (files: File[]) => void;
}

/** A button that lets a person choose files: the browser's own input under a label. */
export function FileInput({
  children,
  className,
  limits,
  multiple = false,
  onFiles,
}: FileInputProps) {
  return (
    <label className={`button file-button ${className}`}>
      {children}
      <input
        type="file"
        className="visually-hidden"
        multiple={multiple}
        {...(limits !== null && { accept: acceptAttribute(limits.formats) })}
        onChange={({ target }) => {
          const files = [...(target.files ?? [])];
          // So that the same file can be chosen again.
          target.value = "";
          if (files.length > 0) onFiles(files);
        }}
      />
    </label>
  );
}
