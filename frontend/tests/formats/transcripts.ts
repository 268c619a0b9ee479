import type { Transcript } from "../../src/formats";

const SPOKEN = "We left the house early that day. The road was empty, and the light was still soft over the hills."; // prettier-ignore

// When each word of `SPOKEN` begins and ends.
const SPOKEN_TIMES: [number, number][] = [
  [12, 12.2],
  [12.2, 12.6],
  [12.6, 12.8],
  [12.8, 13.4],
  [13.4, 14],
  [14, 14.4],
  [14.4, 15.2],
  [15.6, 15.9],
  [15.9, 16.4],
  [16.4, 16.7],
  [16.7, 17.5],
  [17.9, 18.1],
  [18.1, 18.3],
  [18.3, 18.9],
  [18.9, 19.2],
  [19.2, 19.8],
  [19.8, 20.4],
  [20.4, 20.9],
  [20.9, 21.1],
  [21.1, 21.9],
];

/** Two speakers, a pause, markup, and one long segment with word times. */
export const interview: Transcript = {
  fileName: "interview.final.mp3",
  language: "en",
  model: "whisper-small",
  duration: 3725.5,
  text: "Good morning, and welcome. How are you?",
  segments: [
    { start: 0, end: 2.4, speaker: "Ann", text: " Good morning, and welcome." },
    {
      start: 2.4,
      end: 4,
      speaker: "Ann",
      text: " How are you?",
      confidence: 0.93,
      words: [
        { word: " How", start: 2.4, end: 2.8, confidence: 0.99 },
        { word: " are", start: 2.8, end: 3.1 },
        { word: " you?", start: 3.1, end: 4 },
      ],
    },
    { start: 4.2, end: 5.0004, speaker: "Bo & Co", text: "Fine -->\n\n thanks, <really> fine." },
    { start: 9.5, end: 9.5, speaker: "Bo & Co", text: "Um." },
    {
      start: 12,
      end: 22,
      speaker: "Ann",
      text: SPOKEN,
      // Without punctuation, as some engines give them.
      words: SPOKEN.split(" ").map((word, index) => {
        const [start, end] = SPOKEN_TIMES[index] ?? [0, 0];
        return { word: word.replace(/[.,]/, ""), start, end };
      }),
    },
    { start: 3723.9996, end: 3725.5, text: "[music]" },
  ],
};

/** Right to left, without spaces, and characters of many code units. */
export const languages: Transcript = {
  text: "",
  segments: [
    {
      start: 0,
      end: 5,
      speaker: "ليلى",
      text: "مرحبا بكم في هذا البرنامج، كيف حالكم اليوم؟ نتحدث عن البحر والجبال.",
    },
    {
      start: 5,
      end: 10,
      text: "今天天气很好，我们一起去公园散步，看看湖边的花开了没有，然后再回家吃饭。",
    },
    { start: 10, end: 12, text: "彼は「ありがとう」と言って、静かな部屋から出ていきました。" },
    { start: 12, end: 14, text: "Das Café 👩‍👩‍👧‍👦 ist schön, n̈icht wahr?" },
  ],
};
