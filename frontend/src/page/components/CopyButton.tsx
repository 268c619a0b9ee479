import { useEffect, useState, type ReactNode } from "react";
import { useText } from "../i18n/TextProvider";
import { Icon } from "./Icon";

interface CopyButtonProps {
  isReady: boolean;
  /** Written only when it is wanted: it may be long. */
  text: () => string;
}

/** Milliseconds for which the button says what became of it. */
const FEEDBACK_MS = 2_500;

/** Copies a text, and says whether that worked. */
export function CopyButton({ isReady, text }: CopyButtonProps): ReactNode {
  const { t } = useText();
  const [result, setResult] = useState<"copied" | "refused" | null>(null);
  useEffect(() => {
    if (result === null) return;
    const timer = setTimeout(() => {
      setResult(null);
    }, FEEDBACK_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [result]);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text());
      setResult("copied");
    } catch {
      setResult("refused");
    }
  };
  const feedback =
    result === null ? "" : result === "copied" ? t.transcript.copied : t.transcript.notCopied;
  return (
    <>
      <button
        type="button"
        className="button small"
        disabled={!isReady}
        onClick={() => void copy()}
      >
        <Icon name={result === "copied" ? "check" : "copy"} />
        {t.transcript.copy}
      </button>
      <span className="copy-feedback" role="status">
        {feedback}
      </span>
    </>
  );
}
