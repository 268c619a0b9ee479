import type { Clock } from "../clock";
import { TranscriptionError } from "../errors";

/**
 * The answer to a question, which may hang where a token or a ticket has to be asked for first.
 * @param ms after which it is given up
 * @throws TranscriptionError `convex_unreachable`
 */
export function within<T>(clock: Clock, ms: number, answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => {
      reject(new TranscriptionError("convex_unreachable", "Convex does not answer."));
    }, ms);
    const answered = answer.finally(() => {
      clock.clearTimeout(timer);
    });
    answered.then(resolve, reject);
  });
}
