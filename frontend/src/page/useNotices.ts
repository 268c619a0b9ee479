import { useCallback, useState } from "react";

/** Something that a person must know, until they have seen it. */
export interface Notice {
  id: number;
  text: string;
}

/** How many are shown; more would hide the page. */
const MAX_NOTICES = 5;

/** The notices that are shown, newest last. */
export function useNotices() {
  const [notices, setNotices] = useState<readonly Notice[]>([]);
  const notify = useCallback((text: string) => {
    setNotices((before) => {
      const id = (before.at(-1)?.id ?? 0) + 1;
      return [...before, { id, text }].slice(-MAX_NOTICES);
    });
  }, []);
  const dismiss = useCallback((id: number) => {
    setNotices((before) => before.filter((notice) => notice.id !== id));
  }, []);
  return { notices, notify, dismiss };
}
