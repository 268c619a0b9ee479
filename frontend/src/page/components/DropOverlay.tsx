import type { ReactNode } from "react";
import { useText } from "../i18n/TextProvider";
import { usePage } from "../pageContext";
import { useFileDrop } from "../useFileDrop";
import { Icon } from "./Icon";

/** Takes files that are dropped anywhere on the page, and says so while they are held over it. */
export function DropOverlay(): ReactNode {
  const { t } = useText();
  const { startFiles } = usePage();
  const isOver = useFileDrop((files) => void startFiles(files));
  if (!isOver) return null;
  return (
    <div className="drop-overlay" aria-hidden="true">
      <p>
        <Icon name="upload" />
        {t.uploads.dropNow}
      </p>
    </div>
  );
}
