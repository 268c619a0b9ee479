import { describe, expect, it } from "vitest";
import { TranscriptionError } from "../../src/transcription";
import { acceptAttribute, checkFile } from "../../src/page/checkFile";
import { preferredLanguage, textIn } from "../../src/page/i18n";
import { clockTime, createFormats } from "../../src/page/i18n/format";
import { jobHref, parseRoute } from "../../src/page/route";
import { rowsOf } from "../../src/page/virtualRows";
import { errorText, failureOf, nameOf, stateOf } from "../../src/page/words";
import { job } from "./madeUp";

const english = textIn("en");
const spanish = textIn("es");

describe("checkFile", () => {
  const limits = { formats: ["mp3", "mkv"], maxUploadBytes: 1_000 };
  it.each([
    [{ name: "a.mp3", type: "", size: 10 }, null],
    [{ name: "A.MP3", type: "", size: 1_000 }, null],
    [{ name: "recording", type: "audio/x-unheard-of", size: 10 }, null],
    [{ name: "film.mkv", type: "video/x-matroska", size: 10 }, null],
    [{ name: "a.mp3", type: "audio/mpeg", size: 1_001 }, "too-large"],
    [{ name: "a.mp3", type: "audio/mpeg", size: 0 }, "empty"],
    [{ name: "a.pdf", type: "application/pdf", size: 10 }, "wrong-kind"],
    [{ name: "mp3", type: "", size: 10 }, "wrong-kind"],
    [{ name: "a.mp3.txt", type: "text/plain", size: 9_999 }, "wrong-kind"],
  ])("%o: %s", (file, refusal) => {
    expect(checkFile(file, limits)).toBe(refusal);
  });

  it("offers the same kinds in the file dialog", () => {
    expect(acceptAttribute(limits.formats)).toBe(".mp3,.mkv,audio/*,video/*");
  });
});

describe("routes", () => {
  it.each([
    ["", { view: "jobs" }],
    ["#/", { view: "jobs" }],
    ["#/job/", { view: "jobs" }],
    ["#/job/%E0%A4%A", { view: "jobs" }],
    ["#/job/abc/def", { view: "jobs" }],
    ["#/job/abc-1", { view: "job", jobId: "abc-1" }],
  ])("%s", (hash, route) => {
    expect(parseRoute(hash)).toEqual(route);
  });

  it.each(["a", "a:b.c_d-e", "0".repeat(128)])("leads back to %s", (jobId) => {
    expect(parseRoute(jobHref(jobId))).toEqual({ view: "job", jobId });
  });
});

describe("languages", () => {
  it.each([
    [["es-MX", "en"], "es"],
    [["fr", "ES", "en"], "es"],
    [["fr-FR"], "en"],
    [[], "en"],
    [["constructor"], "en"],
  ])("%j: %s", (wanted, language) => {
    expect(preferredLanguage(wanted)).toBe(language);
  });

  it("writes numbers as in the person's country", () => {
    expect(textIn("es", ["en", "es-MX"]).format.number(12_345.6)).toBe("12,345.6");
    expect(textIn("es", ["en"]).format.number(12_345.6)).toBe("12.345,6");
  });

  it.each([
    [0, "0 recordings", "0 grabaciones"],
    [1, "1 recording", "1 grabación"],
    [2, "2 recordings", "2 grabaciones"],
    [1_000_000, "1,000,000 recordings", "1.000.000 de grabaciones"],
  ])("counts %d", (count, inEnglish, inSpanish) => {
    expect(english.t.history.recordings(count)).toBe(inEnglish);
    expect(spanish.t.history.recordings(count)).toBe(inSpanish);
  });
});

describe("formats", () => {
  const { bytes, limit, span, percent, languageName } = createFormats("en-US");
  it.each([
    [0, "0 byte"],
    [999, "999 byte"],
    [3_200, "3 kB"],
    [3_249_999, "3.2 MB"],
    [1_073_741_824, "1.1 GB"],
    [5e12, "5,000 GB"],
  ])("%d bytes", (value, text) => {
    expect(bytes(value)).toBe(text);
  });

  it.each([
    [1_073_741_824, "1.07 GB"],
    [1_999_999, "1.99 MB"],
    [50_000_000, "50 MB"],
  ])("a limit of %d bytes is not said to be more", (value, text) => {
    expect(limit(value)).toBe(text);
  });

  it.each([
    [-5, "0 sec"],
    [59.9, "59 sec"],
    [60, "1 min"],
    [125, "2 min 5 sec"],
    [3_600, "1 hr"],
    [3_725, "1 hr 2 min"],
  ])("%d seconds", (value, text) => {
    expect(span(value)).toBe(text);
  });

  it.each([
    [-1, "0:00"],
    [65.9, "1:05"],
    [3_725, "1:02:05"],
    [36_000, "10:00:00"],
  ])("the place at %d seconds", (value, text) => {
    expect(clockTime(value)).toBe(text);
  });

  it("says 100 % only at the end", () => {
    expect([percent(99.9), percent(100)]).toEqual(["99%", "100%"]);
  });

  it.each([
    ["en", "English"],
    ["english", "english"],
    ["?", "?"],
  ])("names the language %s", (code, name) => {
    expect(languageName(code)).toBe(name);
  });
});

describe("words of a job", () => {
  it.each([
    [{ stage: "queued", message: "Waiting in the queue, place 1200" }, "Puesto 1200 en la cola"],
    [{ stage: "decoding", message: "Reading the audio file" }, "Leyendo el archivo"],
    [{ stage: "diarizing", message: "Who speaks?" }, "diarizing · Who speaks?"],
    [{ stage: "toString" }, "toString"],
    [{ status: "pending" as const }, "En espera"],
  ])("%o", (fields, words) => {
    expect(stateOf(job({ jobId: "a", ...fields }), spanish)).toBe(words);
  });

  it("knows reasons by how they begin", () => {
    const failed = job({ jobId: "a", error: "The audio file is broken: no frames." });
    expect(failureOf(failed, english)).toBe("The audio file is broken: no frames.");
    expect(failureOf(failed, spanish)).toBe("El archivo de audio está dañado.");
    expect(failureOf(job({ jobId: "a", error: "Quota" }), spanish)).toBe("Quota");
    expect(failureOf(job({ jobId: "a" }), spanish)).toBeNull();
  });

  it("translates known codes and shows other messages", () => {
    const known = new TranscriptionError("disk_full", "The worker's disk is full.");
    expect(errorText(known, spanish)).toContain("no tiene más espacio");
    expect(errorText(new TranscriptionError("toString", "Strange."), spanish)).toBe("Strange.");
  });

  it("has a name for the nameless", () => {
    const { fileName: _, ...nameless } = job({ jobId: "a" });
    expect(nameOf(nameless, english)).toBe("Unnamed recording");
  });
});

describe("rowsOf", () => {
  const range = { startIndex: 100, endIndex: 110, overscan: 2, count: 1_000 };
  it("has the rows in sight, those around them and the focused one", () => {
    expect(rowsOf(range, null)).toEqual(Array.from({ length: 15 }, (_, index) => 98 + index));
    expect(rowsOf(range, 3)[0]).toBe(3);
    expect(rowsOf(range, 105)).toHaveLength(15);
    expect(rowsOf(range, 5_000)).toHaveLength(15);
  });

  it("never has more than 60", () => {
    expect(rowsOf({ ...range, endIndex: 900 }, 3)).toHaveLength(60);
  });
});
