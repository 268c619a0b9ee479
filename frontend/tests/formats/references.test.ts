// @vitest-environment node
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { toJson, toSrt, toText, toVtt, type Transcript } from "../../src/formats";
import { interview, languages } from "./transcripts";

const files: [string, (transcript: Transcript) => string, Transcript][] = [
  ["interview.txt", toText, interview],
  ["interview.times.txt", (transcript) => toText(transcript, { times: true }), interview],
  ["interview.srt", toSrt, interview],
  ["interview.vtt", toVtt, interview],
  ["interview.json", toJson, { ...interview, segments: interview.segments.slice(0, 4) }],
  ["languages.txt", toText, languages],
  ["languages.srt", toSrt, languages],
  ["languages.vtt", toVtt, languages],
];

it.each(files)("%s, byte for byte", (name, write, transcript) => {
  const reference = readFileSync(new URL(`references/${name}`, import.meta.url));
  // Text first: its difference can be read.
  expect(write(transcript)).toBe(reference.toString());
  expect(Buffer.from(write(transcript))).toEqual(reference);
});
