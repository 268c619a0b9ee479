import { vi } from "vitest";

/** Pixels of a row, and of a transcript's window. */
const ROW = 48;
const WINDOW = 800;

/** What jsdom lacks: sizes, resize observers and modal dialogs. */
export function stubLayout(): void {
  vi.stubGlobal("ResizeObserver", ResizeObserverStub);
  vi.spyOn(HTMLElement.prototype, "offsetHeight", "get").mockReturnValue(ROW);
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(WINDOW);
  vi.stubGlobal("scrollTo", () => undefined);
  Object.assign(HTMLDialogElement.prototype, {
    showModal(this: HTMLDialogElement) {
      this.open = true;
    },
    close(this: HTMLDialogElement) {
      this.open = false;
    },
  });
}

class ResizeObserverStub implements ResizeObserver {
  readonly #callback: ResizeObserverCallback;

  constructor(callback: ResizeObserverCallback) {
    this.#callback = callback;
  }

  observe(): void {
    queueMicrotask(() => {
      this.#callback([], this);
    });
  }

  unobserve(): void {
    // Nothing is measured.
  }

  disconnect(): void {
    // Nothing is measured.
  }
}
