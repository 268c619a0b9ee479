import { expect, test } from "vitest";
import { LastKnown } from "../../src/transcription/lastKnown";

const LOADING = { status: "loading" };
const DATA = { status: "success", data: 1 };

test("what was known stays while it is asked again", () => {
  const known = new LastKnown();
  expect(known.keep(LOADING, "a")).toBe(LOADING);
  expect(known.keep(DATA, "a")).toBe(DATA);
  expect(known.keep(LOADING, "a")).toBe(DATA);
  const newer = { status: "success", data: 2 };
  expect(known.keep(newer, "a")).toBe(newer);
});

test.each(["error", "signed-out"])("%s is said at once", (status) => {
  const known = new LastKnown();
  known.keep(DATA, "a");
  expect(known.keep({ status }, "a")).toEqual({ status });
  expect(known.keep(LOADING, "a")).toEqual({ status });
});

test("nothing stays of what is another user's, or another job's", () => {
  const known = new LastKnown();
  known.keep(DATA, "a");
  expect(known.keep(LOADING, "b")).toBe(LOADING);
  expect(known.keep(LOADING, "a")).toBe(LOADING);
});
