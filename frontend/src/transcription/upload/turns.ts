import { aborted } from "./uploadFile";

/** Lets a number of works go on at a time; the others wait their turn. */
export class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(atATime: number) {
    this.#free = atATime;
  }

  /**
   * Does the work when its turn has come.
   * @throws TranscriptionError `aborted` by the signal while it waits
   */
  async take<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.#wait(signal);
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(aborted());
      };
      const enter = (): void => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      if (signal.aborted) {
        reject(aborted());
      } else if (this.#free > 0) {
        this.#free--;
        resolve();
      } else {
        this.#waiting.push(enter);
        signal.addEventListener("abort", leave, { once: true });
      }
    });
  }
}
