import { defineTranscriptionJobs } from "./transcription/server";

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
} = defineTranscriptionJobs();
