import "./transcripts";
import { act, cleanup, fireEvent, screen, waitFor } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { TranscriptionError } from "../../src/transcription";
import { ended, history, job } from "./madeUp";
import { setHealth, setLanguages, show, setUpPage } from "./support";

setUpPage();

const audio = (name: string, size = 10): File => {
  const file = new File(["x"], name, { type: "audio/mpeg" });
  Object.defineProperty(file, "size", { value: size });
  return file;
};

function choose(label: string, ...files: File[]): void {
  fireEvent.change(screen.getByLabelText(label), { target: { files } });
}

function drop(...files: File[]): void {
  const event = new Event("drop", { cancelable: true });
  fireEvent(window, Object.assign(event, { dataTransfer: { types: ["Files"], files } }));
}

describe("uploading", () => {
  it("starts a job for each file that is taken, in their order, and says why not for others", async () => {
    const startTranscription = vi.fn((file: File) =>
      file.name === "b.mp3"
        ? Promise.reject(new TranscriptionError("convex_unreachable", "fetch failed"))
        : Promise.resolve(file.name),
    );
    await show({ startTranscription });
    choose(
      "Choose recordings",
      audio("a.mp3"),
      new File(["x"], "notes.pdf", { type: "application/pdf" }),
      audio("huge.mp3", 60_000_000),
      audio("none.mp3", 0),
      audio("b.mp3"),
      audio("c.mp3"),
    );
    await waitFor(() => {
      expect(startTranscription.mock.calls.map(([file]) => file.name)).toEqual([
        "a.mp3",
        "b.mp3",
        "c.mp3",
      ]);
    });
    const said = screen.getAllByRole("alert").map((alert) => alert.textContent);
    expect(said.join("")).toBe(
      [
        "“notes.pdf” is not an audio or video file. Files of these kinds are taken: MP3 and WAV.",
        "“huge.mp3” is too large: it has 60 MB, and 50 MB is the limit.",
        "“none.mp3” is empty.",
        "“b.mp3” was not started: The server cannot be reached.",
      ].join(""),
    );
    for (const button of screen.getAllByRole("button", { name: "Dismiss" })) {
      fireEvent.click(button);
    }
    expect(screen.queryByRole("button", { name: "Dismiss" })).toBeNull();
  });

  it("takes files that are dropped anywhere", async () => {
    const startTranscription = vi.fn(() => Promise.resolve("a"));
    await show({ startTranscription });
    const over = new Event("dragover", { cancelable: true });
    fireEvent(window, Object.assign(over, { dataTransfer: { types: ["Files"] } }));
    expect(screen.getByText("Drop to transcribe")).toBeTruthy();
    drop(audio("a.mp3"), audio("b.mp3"));
    await waitFor(() => {
      expect(startTranscription).toHaveBeenCalledTimes(2);
    });
    expect(screen.queryByText("Drop to transcribe")).toBeNull();
  });

  it("makes nothing while the worker cannot be reached, and asks it anew", async () => {
    setHealth(null);
    const startTranscription = vi.fn(() => Promise.resolve("a"));
    await show({ startTranscription });
    drop(audio("a.mp3"));
    expect(await screen.findByText("The transcription service cannot be reached.")).toBeTruthy();
    setHealth({ formats: ["mp3"], maxUploadBytes: 2_000_000 });
    drop(audio("a.mp3"));
    await waitFor(() => {
      expect(startTranscription).toHaveBeenCalledOnce();
    });
  });

  it("shows what has been sent, and asks before the page is closed meanwhile", async () => {
    const sending = job({
      jobId: "a",
      status: "pending",
      upload: { loaded: 3_200_000, total: 10_000_000 },
    });
    const { update } = await show({ activeJobs: { status: "success", data: [sending] } });
    const bar = screen.getByRole("progressbar", { name: "Progress of a.mp3" });
    expect(bar.getAttribute("aria-valuenow")).toBe("32");
    expect(bar.getAttribute("aria-valuetext")).toBe("32%, Sending 3.2 MB of 10 MB");
    const leave = () => !window.dispatchEvent(new Event("beforeunload", { cancelable: true }));
    expect(leave()).toBe(true);
    update({ activeJobs: { status: "success", data: [job({ jobId: "a" })] } });
    expect(leave()).toBe(false);
  });
});

describe("a job", () => {
  it("is cancelled, and says so where that fails", async () => {
    const cancelTranscription = vi.fn(() =>
      Promise.reject(new TranscriptionError("convex_unreachable", "fetch failed")),
    );
    await show({
      activeJobs: { status: "success", data: [job({ jobId: "a" })] },
      cancelTranscription,
    });
    fireEvent.click(screen.getByRole("button", { name: "Cancel a.mp3" }));
    expect(cancelTranscription).toHaveBeenCalledWith("a");
    expect(
      await screen.findByText("“a.mp3” could not be cancelled: The server cannot be reached."),
    ).toBeTruthy();
    expect(screen.getByRole("button", { name: "Cancel a.mp3" })).toBeTruthy();
  });

  it("is removed only after a second thought", async () => {
    const removeTranscription = vi.fn(() => Promise.resolve());
    const [a, b] = [ended({ jobId: "a" }), ended({ jobId: "b" })];
    const { update } = await show({ finishedJobs: history([a, b]), removeTranscription });
    fireEvent.click(screen.getByRole("button", { name: "Remove a.mp3" }));
    expect(document.activeElement?.textContent).toBe("Yes, remove");
    fireEvent.click(screen.getByRole("button", { name: "Keep" }));
    expect(document.activeElement).toBe(screen.getByRole("button", { name: "Remove a.mp3" }));
    fireEvent.click(screen.getByRole("button", { name: "Remove a.mp3" }));
    expect(removeTranscription).not.toHaveBeenCalled();
    fireEvent.click(screen.getByRole("button", { name: "Yes, remove" }));
    expect(removeTranscription).toHaveBeenCalledWith("a");
    await act(() => Promise.resolve());
    update({ finishedJobs: history([b]), removeTranscription });
    expect(document.activeElement).toBe(screen.getByRole("list", { name: "Finished recordings" }));
  });

  it("is tried again from the file that this page still has", async () => {
    const startTranscription = vi.fn((_file: File) => Promise.resolve("first"));
    const { update } = await show({ startTranscription });
    const file = audio("talk.mp3");
    choose("Choose recordings", file);
    await waitFor(() => {
      expect(startTranscription).toHaveBeenCalledOnce();
    });
    const failed = ended({ jobId: "first", fileName: "talk.mp3", status: "failed", error: "No." });
    update({ startTranscription, finishedJobs: history([failed]) });
    fireEvent.click(screen.getByRole("button", { name: "Try again: talk.mp3" }));
    await waitFor(() => {
      expect(startTranscription).toHaveBeenCalledTimes(2);
    });
    expect(startTranscription.mock.lastCall?.[0]).toBe(file);
  });

  it("is tried again from a file chosen anew where the page was reloaded", async () => {
    const startTranscription = vi.fn((_file: File) => Promise.resolve("second"));
    await show({
      startTranscription,
      finishedJobs: history([ended({ jobId: "first", status: "cancelled" })]),
    });
    fireEvent.click(screen.getByRole("button", { name: "Try again: first.mp3" }));
    expect(screen.getByText("This page no longer has the file.")).toBeTruthy();
    choose("Choose the file again", audio("first.mp3"));
    await waitFor(() => {
      expect(startTranscription).toHaveBeenCalledOnce();
    });
  });
});

describe("the language", () => {
  it("is the browser's at first, then the chosen one, also after a reload", async () => {
    setLanguages("es-MX", "en");
    await show();
    expect(screen.getByText("Suelta aquí tu primera grabación")).toBeTruthy();
    expect(document.documentElement.lang).toBe("es");
    fireEvent.change(screen.getByLabelText("Idioma"), { target: { value: "en" } });
    expect(screen.getByText("Drop your first recording here")).toBeTruthy();
    expect(document.documentElement.lang).toBe("en");
    expect(document.title).toBe("Transcriptions");
    cleanup();
    await show();
    expect(screen.getByText("Drop your first recording here")).toBeTruthy();
  });
});
