import { defineTranscriptionJobs } from "convex-transcription-jobs/server";
import { internal } from "./_generated/api";

export const {
  create,
  get,
  listActive,
  listFinished,
  stats,
  cancel,
  remove,
  transcript,
  ticket,
  uploadFailed,
  createFor,
  removeAllOf,
  updateFromAPI,
  run,
} = defineTranscriptionJobs({ onEnd: internal.letters.fromTranscript });
