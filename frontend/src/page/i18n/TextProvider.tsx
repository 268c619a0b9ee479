import {
  createContext,
  use,
  useCallback,
  useEffect,
  useMemo,
  useState,
  type ReactNode,
} from "react";
import { isLanguage, preferredLanguage, textIn, type Language, type Text } from ".";

const STORAGE_KEY = "transcriptions.language";

interface TextInUse extends Text {
  setLanguage: (language: Language) => void;
}

const TextContext = createContext<TextInUse | null>(null);

/** Gives the page its language: the one chosen before, else the browser's. */
export function TextProvider({ children }: { children: ReactNode }): ReactNode {
  const [language, setState] = useState<Language>(firstLanguage);
  const setLanguage = useCallback((chosen: Language) => {
    setState(chosen);
    remember(chosen);
  }, []);
  const text = useMemo(
    () => ({ ...textIn(language, navigator.languages), setLanguage }),
    [language, setLanguage],
  );
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = text.t.app.name;
  }, [language, text]);
  return <TextContext value={text}>{children}</TextContext>;
}

/** The sentences and formats of the language in use, and the way to choose another. */
export function useText(): TextInUse {
  const text = use(TextContext);
  if (text === null) throw new Error("useText needs a TextProvider around it");
  return text;
}

function firstLanguage(): Language {
  try {
    const chosen = localStorage.getItem(STORAGE_KEY);
    if (isLanguage(chosen)) return chosen;
  } catch {
    // Storage is forbidden; the browser's language does.
  }
  return preferredLanguage(navigator.languages);
}

function remember(language: Language): void {
  try {
    localStorage.setItem(STORAGE_KEY, language);
  } catch {
    // Storage is forbidden; the choice lasts as long as the page.
  }
}
