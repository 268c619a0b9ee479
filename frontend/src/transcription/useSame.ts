import { useState } from "react";

/** The array of before, where it has the very same elements. */
export function useSame<T>(items: T[]): T[] {
  const [held, setHeld] = useState(items);
  const isSame = held.length === items.length && held.every((item, at) => item === items[at]);
  if (!isSame) setHeld(items);
  return isSame ? held : items;
}
