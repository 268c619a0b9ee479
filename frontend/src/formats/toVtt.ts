import { cuesOf, type Cue } from "./cues";
import { cleanText, withoutTimeArrow } from "./text";
import { cueTime } from "./times";
import type { Transcript } from "./transcript";

/**
 * A transcript as WebVTT. File name, language and model stand in a comment: the format has no
 * header fields, its language is the `srclang` of the `<track>`.
 */
export function toVtt(transcript: Transcript): string {
  const blocks = [
    "WEBVTT\n",
    ...noteOf(transcript),
    ...cuesOf(transcript, { labels: false }).map(writeCue),
  ];
  return blocks.join("\n");
}

function noteOf({ fileName = "", language = "", model = "" }: Transcript): string[] {
  const lines = Object.entries({ File: fileName, Language: language, Model: model })
    .map(([name, value]) => [name, withoutTimeArrow(cleanText(value))] as const)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${name}: ${value}\n`);
  return lines.length === 0 ? [] : [`NOTE\n${lines.join("")}`];
}

function writeCue({ start, end, speaker, lines }: Cue): string {
  const times = `${cueTime(start, ".")} --> ${cueTime(end, ".")}`;
  const voice = speaker === "" ? "" : `<v ${escape(speaker)}>`;
  return `${times}\n${voice}${lines.map(escape).join("\n")}\n`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
