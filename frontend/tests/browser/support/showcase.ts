import type { Person } from "./person";

/** What is said, and by whom. */
type Line = readonly [text: string, speaker?: string];

const INTERVIEW: readonly Line[] = [
  ["Thank you for having me. It is good to be back in the old harbour office.", "Marta Ruiz"],
  ["You started here in 1987. What did a day look like then?", "Interviewer"],
  ["Loud. Six telephones, one telex, and a radio that never stopped.", "Marta Ruiz"],
  ["We wrote every ship that came in on a board, by hand, with chalk.", "Marta Ruiz"],
  ["And when it rained, the chalk would not hold.", "Marta Ruiz"],
  ["So what did you do?", "Interviewer"],
  ["We remembered. There were forty ships, and each of us knew all of them.", "Marta Ruiz"],
  ["Later the first computer came, and it knew thirty-eight.", "Marta Ruiz"],
  ["It took two years until somebody noticed which two were missing.", "Marta Ruiz"],
  ["Were you still in the office when the new terminal opened?", "Interviewer"],
  ["I had the first shift. Nobody came, because the signs pointed the wrong way.", "Marta Ruiz"],
  ["That evening I went out myself, with a pot of paint.", "Marta Ruiz"],
];

const LECTURE_LINES: readonly Line[] = [
  ["The river has moved three times since the town was founded."],
  ["Each time the bridges stayed where they were, and the water did not."],
  ["On this map you can see the second bridge, with a meadow under it."],
];

/** The recording that is being transcribed. */
export const LECTURE = {
  name: "Lecture 4, rivers and bridges.m4a",
  newest: "On this map you can see the second bridge, with a meadow under it.",
};

/** The recording whose transcript is shown. */
export const OPEN_TRANSCRIPT = "Interview with Marta Ruiz.mp3";

/** Seconds of one line. */
const LINE = 4.6;

function segmentsOf(lines: readonly Line[], start = 0) {
  return lines.map(([text, speaker], index) => ({
    start: start + index * LINE,
    end: start + (index + 1) * LINE,
    text,
    ...(speaker !== undefined && { speaker }),
  }));
}

/** Gives a person recordings of every kind: in the queue, in progress, ended in each way. */
export async function createRecordings(person: Person): Promise<void> {
  await person.createFinished("Voice memo 12.ogg", finished("en", 48, LECTURE_LINES));
  await person.createFinished("Reunión de vecinos.m4a", finished("es", 3_312, LECTURE_LINES));
  await person.createFinished("Old tape, side B.wav", {
    status: "failed",
    error: "The file is damaged, or not a recording.",
  });
  await person.createFinished("Choir rehearsal.flac", { status: "cancelled" });
  await person.createFinished("Weekly call 2026-11-20.mp3", finished("en", 1_934, LECTURE_LINES));
  await person.createFinished(OPEN_TRANSCRIPT, finished("en", 1_272, INTERVIEW));
  const waiting = await person.create("Board meeting, November.mp3", 18_000_000);
  const message = "Waiting in the queue, place 1";
  await person.report({ jobId: waiting, status: "pending", stage: "queued", message });
  const jobId = await person.create(LECTURE.name, 41_300_000);
  await person.report({
    jobId,
    status: "processing",
    stage: "transcribing",
    message: "Transcribing",
    progress: 62,
    estimatedTimeRemaining: 418,
    audioInfo: { duration: 2_710, format: "m4a" },
    segments: { offset: 0, items: segmentsOf(LECTURE_LINES, 1_668) },
  });
}

function finished(language: string, duration: number, lines: readonly Line[]) {
  const text = lines.map(([line]) => line).join(" ");
  return { result: { language, duration, model: "whisper-1", text, segments: segmentsOf(lines) } };
}
