import { describe, expect, it } from "vitest";
import { action, httpClient, mutation, query, startFixture } from "./support";

const INVALID = Uint8Array.of(0x61, 0xff).buffer;
const VALID = new TextEncoder().encode("ñ").buffer;

describe("a TextDecoder", () => {
  it("that is fatal answers undefined to functions, as on the platform", async () => {
    const client = await httpClient(await startFixture());
    for (const bytes of [INVALID, VALID]) {
      const expected = bytes === VALID ? ["ñ", "ñ", "ñ"] : ["undefined", "undefined", "a\uFFFD"];
      expect(await client.query(query("decoding:inQuery"), { bytes })).toEqual(expected);
      expect(await client.mutation(mutation("decoding:inMutation"), { bytes })).toEqual(expected);
      expect(await client.action(action("decoding:inAction"), { bytes })).toEqual(expected);
    }
  });

  it("is otherwise what it is everywhere", async () => {
    const client = await httpClient(await startFixture());
    expect(await client.query(query("decoding:details"), {})).toEqual([
      ["utf-16le", true, true, "[object TextDecoder]"],
      ["", "", "ñ"],
    ]);
  });

  it("throws everywhere else in the process, also while functions run", async () => {
    const client = await httpClient(await startFixture());
    const fatal = () => new TextDecoder("utf-8", { fatal: true }).decode(INVALID);
    const running = client.action(action("decoding:inAction"), { bytes: INVALID });
    expect(fatal).toThrow(TypeError);
    await running;
    expect(fatal).toThrow(TypeError);
  });
});
