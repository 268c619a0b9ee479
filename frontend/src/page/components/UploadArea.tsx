import type { ReactNode } from "react";
import type { HealthState } from "../healthMonitor";
import { useText } from "../i18n/TextProvider";
import { usePage } from "../pageContext";
import { formatNames } from "../words";
import { FileInput } from "./FileInput";
import { Icon } from "./Icon";

interface UploadAreaProps {
  health: HealthState;
  onCheckAgain: () => void;
  /** Whether there are no recordings yet: the area is then the page's centre. */
  isFirst: boolean;
}

/** Where files are dropped or chosen, or why that is not possible. */
export function UploadArea({ health, onCheckAgain, isFirst }: UploadAreaProps): ReactNode {
  const { t, format } = useText();
  const { startFiles } = usePage();
  const size = isFirst ? "large" : "small";
  if (health.status === "off") {
    return <Unavailable title={t.uploads.off} hint={t.uploads.offHint} size={size} />;
  }
  if (health.status === "unreachable") {
    return (
      <Unavailable title={t.uploads.unreachable} hint={t.uploads.unreachableHint} size={size}>
        <button type="button" className="button" onClick={onCheckAgain}>
          <Icon name="retry" />
          {t.app.tryAgain}
        </button>
      </Unavailable>
    );
  }
  const limits = health.status === "ready" ? health.limits : null;
  return (
    <section className={`upload ${size}`} aria-labelledby="upload-heading">
      <span className="upload-mark">
        <Icon name="upload" />
      </span>
      <div className="upload-words">
        <h2 id="upload-heading">{isFirst ? t.uploads.firstTitle : t.uploads.title}</h2>
        {isFirst && <p>{t.uploads.firstHint}</p>}
        <p className="upload-limits">
          {limits === null
            ? t.uploads.checking
            : t.uploads.accepted(formatNames(limits, format), format.limit(limits.maxUploadBytes))}
        </p>
      </div>
      <FileInput
        className="primary"
        limits={limits}
        multiple
        onFiles={(files) => void startFiles(files)}
      >
        {t.uploads.choose}
      </FileInput>
    </section>
  );
}

interface UnavailableProps {
  title: string;
  hint: string;
  size: string;
  children?: ReactNode;
}

function Unavailable({ title, hint, size, children }: UnavailableProps): ReactNode {
  return (
    <section className={`upload unavailable ${size}`} aria-labelledby="upload-heading">
      <span className="upload-mark">
        <Icon name="alert" />
      </span>
      <div className="upload-words">
        <h2 id="upload-heading">{title}</h2>
        <p>{hint}</p>
      </div>
      {children}
    </section>
  );
}
