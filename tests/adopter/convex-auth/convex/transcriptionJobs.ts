import { getAuthUserId as getUserId } from "@convex-dev/auth/server";
import { defineTranscriptionJobs } from "convex-transcription-jobs/server";
import { internal } from "./_generated/api";

// prettier-ignore
export const { create, get, listActive, listFinished, stats, cancel, remove, transcript, ticket,
  uploadFailed, updateFromAPI, run } = defineTranscriptionJobs({ getUserId, onEnd: internal.notes.fromTranscript });
