/** Largest body of a call over HTTP, in bytes: 16 MiB of arguments and what is around them. */
export const MAX_API_BODY_BYTES = 16 * 1024 * 1024 + 2_000;

/** Largest body that an HTTP action may answer, in bytes; what it is sent has no limit. */
export const MAX_SITE_RESPONSE_BYTES = 20 * 1024 * 1024;

/** Largest WebSocket message taken, in bytes: 16 MiB of arguments and what is around them. */
export const MAX_MESSAGE_BYTES = 20 * 1024 * 1024;

/** Largest frame of a Transition, in bytes; a larger one goes in chunks to clients that take them. */
export const MAX_FRAME_BYTES = 5_000_000;

/** Unsent bytes at which a client that does not read is dropped instead of sent more. */
export const MAX_UNSENT_BYTES = 32 * 1024 * 1024;

/** Frames of one connection taken but not yet answered, at which its socket is no longer read. */
export const MAX_PENDING_FRAMES = 256;

/** Subscriptions of one connection; a page has a few dozen at most. */
export const MAX_QUERIES_PER_CONNECTION = 1_000;

/** Sessions whose mutation replies are kept for reconnecting clients. */
export const MAX_SESSIONS = 1_000;

/** Replies kept for each session; a client re-sends only what it has in flight. */
export const MAX_REPLIES_PER_SESSION = 1_000;

/** Milliseconds between Pings; the published client reconnects after 60 s of silence. */
export const PING_INTERVAL_MS = 15_000;

/** Milliseconds between two clean-ups of finished scheduled functions. */
export const SWEEP_INTERVAL_MS = 2_000;

/** Milliseconds that a provider's discovery document or key set may take. */
export const PROVIDER_TIMEOUT_MS = 5_000;

/** `setTimeout`'s longest delay; a longer one would fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;
