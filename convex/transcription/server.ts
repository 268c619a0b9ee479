/**
 * What an app's `convex/` imports: four calls, and the names to work with what they make.
 * See docs/adopting.md.
 */
export {
  type CreatedJob,
  defineTranscriptionJobs,
  transcriptionJob,
  type TranscriptionJob,
  type TranscriptionJobsFunctions,
  type TranscriptionJobsOptions,
} from "./define.js";
export { readJob, readTranscriptPage } from "./read.js";
export type { TranscriptPage } from "./model/transcript.js";
export { transcriptionTables } from "./tables.js";
export { registerRoutes, type RoutesOptions } from "./routes.js";
export { registerCrons } from "./crons.js";
export { type GetUserId, userIdFromToken } from "./userId.js";
export { type OnEnd, type OnEndArgs, onEndArgs } from "./model/onEnd.js";
export {
  isJobError,
  JOB_ERROR_CODES,
  type JobError,
  type JobErrorCode,
  type JobErrorData,
  REFUSALS,
  type RefusalCode,
} from "./model/errors.js";
export { END_CODES, type NewJob } from "./model/jobs.js";
export {
  audioInfo,
  type AudioInfo,
  outcome,
  type Outcome,
  resultSummary,
  type ResultSummary,
  segment,
  type Segment,
  status,
  type Status,
  word,
  type Word,
} from "./model/validators.js";
export { isTerminal, type TerminalStatus } from "./model/status.js";
export type { OperationArgs } from "./operations.js";
export type { Update, UpdateAnswer } from "./model/validators.js";
export type { Counts } from "./model/stats.js";
