import type { ReactNode } from "react";
import { isLanguage, LANGUAGES } from "../i18n";
import { useText } from "../i18n/TextProvider";

/** Chooses the page's language. */
export function LanguageSwitch(): ReactNode {
  const { t, language, setLanguage } = useText();
  return (
    <select
      className="select"
      aria-label={t.app.language}
      value={language}
      onChange={({ target }) => {
        if (isLanguage(target.value)) setLanguage(target.value);
      }}
    >
      {Object.entries(LANGUAGES).map(([code, name]) => (
        <option key={code} value={code} lang={code}>
          {name}
        </option>
      ))}
    </select>
  );
}
