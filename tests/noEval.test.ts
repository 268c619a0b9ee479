import { expect, test } from "vitest";

test("no code is made from strings here", () => {
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- what must not work
  expect(() => new Function("return 1")).toThrow(EvalError);
});
