// @vitest-environment node
import { describe, expect, it } from "vitest";
import { toText, type Transcript } from "../../src/formats";

const HELLO = { start: 0, end: 1, text: "Hello." };

describe("toText", () => {
  const cases: [string, Partial<Transcript>, string][] = [
    ["nothing", {}, "\n"],
    ["a text without segments", { text: "  One.\r\n\r\nTwo.\rThree.\n\n" }, "One.\n\nTwo.\nThree.\n"],
    ["segments before the text", { text: "other", segments: [HELLO] }, "Hello.\n"],
    ["segments without words", { text: "Text.", segments: [{ ...HELLO, text: " " }] }, "Text.\n"],
    ["two seconds of silence", { segments: [HELLO, { start: 3, end: 4, text: "Hi." }] }, "Hello. Hi.\n"],
    ["more", { segments: [HELLO, { start: 3.1, end: 4, text: "Hi." }] }, "Hello.\n\nHi.\n"],
    ["an order that is not that of time", { segments: [{ start: 1, end: 2, text: "Hi." }, HELLO] }, "Hello. Hi.\n"],
    ["somebody and nobody", { segments: [{ ...HELLO, speaker: "A" }, { ...HELLO, start: 1 }, { ...HELLO, start: 1, speaker: "A" }] }, "A: Hello.\n\nHello.\n\nA: Hello.\n"],
    ["Japanese", { segments: [{ ...HELLO, text: "こんにちは。" }, { ...HELLO, text: "元気ですか。" }] }, "こんにちは。元気ですか。\n"],
    ["line breaks", { segments: [{ ...HELLO, text: "a\n\nb" }] }, "a b\n"],
  ]; // prettier-ignore
  it.each(cases)("%s", (_, transcript, text) => {
    expect(toText({ text: "", segments: [], ...transcript })).toBe(text);
  });

  it("times go beyond a day", () => {
    const segments = [HELLO, { start: 3_723.9, end: 3_724, text: "A." }, { start: 360_000, end: 360_001, text: "B." }]; // prettier-ignore
    expect(toText({ text: "", segments }, { times: true })).toBe(
      "[0:00:00] Hello.\n\n[1:02:03] A.\n\n[100:00:00] B.\n",
    );
  });
});
