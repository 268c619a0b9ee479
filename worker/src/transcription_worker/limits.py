"""The endpoint's limits, as `convex/transcription/model/limits.ts` has them.

Lengths of strings count UTF-16 code units, as JavaScript's `String.length` does.
"""

JOB_ID_PATTERN = r"^[A-Za-z0-9._:-]{1,128}$"
MAX_STAGE_LENGTH = 64
MAX_MESSAGE_LENGTH = 1_000
MAX_ERROR_LENGTH = 4_000
ERROR_CODE_PATTERN = r"^[a-z0-9_]{1,64}$"
MAX_USER_ID_LENGTH = 512
MAX_LANGUAGE_LENGTH = 35
MAX_MODEL_LENGTH = 200
MAX_FORMAT_LENGTH = 64
MAX_SPEAKER_LENGTH = 100
MAX_WORDS_PER_SEGMENT = 2_000
# Bytes of one segment's JSON in UTF-8.
MAX_SEGMENT_BYTES = 64 * 1024
# The largest integer that JavaScript's numbers hold exactly.
MAX_SAFE_INTEGER = 2**53 - 1
# Epoch milliseconds of 2000-01-01; anything before is seconds sent for milliseconds.
MIN_TIMESTAMP = 946_684_800_000

# Bytes of a request that the worker sends at most: the endpoint takes 4 MiB, but proxies with their
# defaults take 1 MiB, and a smaller request is sooner through a bad network.
MAX_REQUEST_BYTES = 1024 * 1024
# Updates of one batch.
MAX_BATCH_UPDATES = 100
