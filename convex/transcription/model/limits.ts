/**
 * Every limit of the module in one place, each with its unit and the reason for its size.
 * Lengths of strings count UTF-16 code units, as `String.length` does.
 */

/** Bytes of a request body: Convex gives an action 64 MiB, and parsing needs about ten times the body. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;
/**
 * Objects and arrays in one body. The shortest segment or word takes 30 bytes, so no transcript
 * of 4 MiB comes near; `[[],[],…` of the same size would take 60 MiB once parsed.
 */
export const MAX_BODY_CONTAINERS = 262_144;
/** Keys of one object in a body: a table of half a million keys alone would take all the memory. */
export const MAX_OBJECT_KEYS = 16_384;
/** Updates in one request of `/updateTranscriptionJobs`: ten times what a worker gathers in half a second. */
export const MAX_UPDATES = 100;
/** Elements of an array in Convex: a longer list of segments goes to the mutation in several. */
export const MAX_ARRAY_LENGTH = 8_192;
/** Problems reported for one body; the first few tell all that a person needs. */
export const MAX_ISSUES = 20;
/** Code units of one issue's message, which may quote the sender's own keys. */
export const MAX_ISSUE_MESSAGE_LENGTH = 300;

export const JOB_ID_PATTERN = /^[A-Za-z0-9._:-]{1,128}$/;
export const MAX_STAGE_LENGTH = 64;
export const MAX_MESSAGE_LENGTH = 1_000;
export const MAX_ERROR_LENGTH = 4_000;
export const ERROR_CODE_PATTERN = /^[a-z0-9_]{1,64}$/;
export const MAX_USER_ID_LENGTH = 512;
export const MAX_FILE_NAME_LENGTH = 255;
export const MAX_LANGUAGE_LENGTH = 35;
export const MAX_MODEL_LENGTH = 200;
export const MAX_FORMAT_LENGTH = 64;
export const MAX_SPEAKER_LENGTH = 100;
export const MAX_WORDS_PER_SEGMENT = 2_000;
/** Bytes of one segment's JSON in UTF-8, so that a page always fits a document many times. */
export const MAX_SEGMENT_BYTES = 64 * 1024;

/** Epoch milliseconds of 2000-01-01; anything before is seconds sent for milliseconds. */
export const MIN_TIMESTAMP = 946_684_800_000;
/** Milliseconds that a worker's clock may run ahead of the server's. */
export const MAX_CLOCK_AHEAD = 24 * 60 * 60 * 1000;

/** A page is closed by the segment that brings it to this many segments … */
export const PAGE_SEGMENTS = 50;
/** … or to this many bytes of JSON, so that a live tick reads and writes 96 KiB at most. */
export const PAGE_BYTES = 32 * 1024;
/**
 * Bytes of `result.text` that the row itself holds; the whole of a longer text is in the pages.
 * Small, because each end of a job sends the first page of the history to every open page again.
 */
export const ROW_TEXT_BYTES = 1024;
/** Bytes of one slice of a longer text. */
export const TEXT_SLICE_BYTES = 32 * 1024;

/** Jobs that `listActive` returns, newest first. */
export const MAX_ACTIVE_LISTED = 50;
/** Rows of one page of `listFinished`, whatever a client asks for. */
export const MAX_FINISHED_PAGE = 100;

/** Milliseconds without news after which the watchdog marks a job, twelve signs of life. */
export const STALLED_AFTER = 2 * 60 * 1000;
/** Seconds that a ticket for the worker's API is valid. */
export const TICKET_LIFETIME_SECONDS = 24 * 60 * 60;
/** Milliseconds after which a job that no worker ever reported on has failed: its ticket has expired. */
export const UPLOAD_EXPIRES_AFTER = TICKET_LIFETIME_SECONDS * 1000;
/** Days that a finished job is kept where `RETENTION_DAYS` is not set. */
export const DEFAULT_RETENTION_DAYS = 90;

/** Rows that one run of a clean-up changes; the rest follows in the next run. */
export const ROWS_PER_BATCH = 50;
/** Pages that one transaction deletes: at most 97 KiB each, which the platform reads twice, within 16 MiB. */
export const PAGES_PER_BATCH = 50;
/** Milliseconds between two batches, so that a large clean-up leaves room for live updates. */
export const BATCH_DELAY = 100;

/** Seconds after which a worker may send again an update for a job whose row is not there yet. */
export const JOB_NOT_FOUND_RETRY_AFTER = 5;
/** Seconds after which a worker may send again an update that the database could not take. */
export const UNAVAILABLE_RETRY_AFTER = 1;
