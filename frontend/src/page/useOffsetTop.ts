import { useLayoutEffect, useState, type RefObject } from "react";

/** How far an element is from the top of the document, in pixels, also after things above it grow. */
export function useOffsetTop(ref: RefObject<HTMLElement | null>): number {
  const [offset, setOffset] = useState(0);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(() => {
      const top = ref.current?.getBoundingClientRect().top;
      if (top !== undefined) setOffset(Math.round(top + window.scrollY));
    });
    observer.observe(document.body);
    return () => {
      observer.disconnect();
    };
  }, [ref]);
  return offset;
}
