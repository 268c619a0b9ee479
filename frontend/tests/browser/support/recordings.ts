import { readFileSync } from "node:fs";
import path from "node:path";
import type { Browser } from "playwright-core";
import { REPOSITORY } from "./stack";

const FOLDER = path.join(REPOSITORY, "worker/tests/recordings");

/** A file as a browser takes it. */
export interface ChosenFile {
  name: string;
  mimeType: string;
  buffer: Buffer;
}

/** Somebody reads five sentences, 13.7 seconds. */
export function speech(name = "speech.flac"): ChosenFile {
  return { name, mimeType: "audio/flac", buffer: readFileSync(path.join(FOLDER, "speech.flac")) };
}

/** What is said in it, line by line. */
export function speechLines(): string[] {
  return readFileSync(path.join(FOLDER, "speech.txt"), "utf8").trim().split("\n");
}

/** A file that is called a recording and holds `size` bytes of nothing. */
export function nothing(name: string, size: number): ChosenFile {
  return { name, mimeType: "audio/wav", buffer: Buffer.alloc(size, 7) };
}

const SAMPLE_RATE = 16_000;
const WAV_HEADER = 44;

/** The same five sentences several times over, 13.7 seconds each, as a WAV file. */
export async function longSpeech(
  browser: Browser,
  times: number,
  name = "long.wav",
): Promise<ChosenFile> {
  const page = await browser.newPage();
  // Chromium knows how to read FLAC.
  const base64 = await page.evaluate(
    async ({ flac, sampleRate }) => {
      const bytes = Uint8Array.from(atob(flac), (char) => char.charCodeAt(0));
      const decoder = new OfflineAudioContext(1, 1, sampleRate);
      const audio = await decoder.decodeAudioData(bytes.buffer);
      const samples = Int16Array.from(audio.getChannelData(0), (sample) => sample * 32_767);
      let text = "";
      for (const byte of new Uint8Array(samples.buffer)) text += String.fromCharCode(byte);
      return btoa(text);
    },
    { flac: speech().buffer.toString("base64"), sampleRate: SAMPLE_RATE },
  );
  await page.close();
  const samples = Buffer.concat(Array<Buffer>(times).fill(Buffer.from(base64, "base64")));
  return {
    name,
    mimeType: "audio/wav",
    buffer: Buffer.concat([wavHeader(samples.length), samples]),
  };
}

/** Of 16-bit samples, one channel. */
function wavHeader(dataBytes: number): Buffer {
  const header = Buffer.alloc(WAV_HEADER);
  header.write("RIFF", 0);
  header.writeUInt32LE(WAV_HEADER - 8 + dataBytes, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(SAMPLE_RATE, 24);
  header.writeUInt32LE(SAMPLE_RATE * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36);
  header.writeUInt32LE(dataBytes, 40);
  return header;
}
