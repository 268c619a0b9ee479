"""The outbox's tables.

`outbox_jobs`      one row per job and attempt: where the numbering and the live segments are.
                   Written by every put and every answer; forgotten a month after the last put.
`outbox_updates`   what waits to be sent, in the order of `id`; a row goes when it is answered.
                   `body` is the request's JSON without `sequence` and `segments`.
`outbox_segments`  live segments by their place in the transcript, until the end is accepted.
`outbox_dead`      what can never be sent as it is, for a person to see; never read by the sender.
"""

COMPONENT = "outbox"

MIGRATIONS = (
    """
    CREATE TABLE outbox_jobs (
      job_id TEXT NOT NULL,
      attempt INTEGER NOT NULL,
      next_sequence INTEGER NOT NULL DEFAULT 1,
      last_status TEXT,                           -- of the newest update that was put
      segments_end INTEGER NOT NULL DEFAULT 0,    -- place after the last segment that was put
      confirmed INTEGER NOT NULL DEFAULT 0,       -- segments from 0 that Convex has
      accepted INTEGER NOT NULL DEFAULT 0,        -- 1: Convex has known the job
      ended INTEGER NOT NULL DEFAULT 0,           -- 1: the terminal update was accepted
      touched_at INTEGER NOT NULL,                -- epoch seconds of the last put
      PRIMARY KEY (job_id, attempt)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE outbox_updates (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      job_id TEXT NOT NULL,
      attempt INTEGER NOT NULL,
      sequence INTEGER NOT NULL,
      status TEXT NOT NULL,
      is_progress INTEGER NOT NULL,               -- 0: a change of status, never merged away
      progress REAL,
      body TEXT NOT NULL,
      segments_end INTEGER NOT NULL,              -- it carries the segments up to here
      numbered_by TEXT NOT NULL,                  -- the run of the worker that gave `sequence`
      put_at INTEGER NOT NULL,                    -- epoch seconds
      tries INTEGER NOT NULL DEFAULT 0,
      last_error TEXT
    ) STRICT;

    CREATE INDEX outbox_updates_by_job ON outbox_updates (job_id, id);

    CREATE TABLE outbox_segments (
      job_id TEXT NOT NULL,
      attempt INTEGER NOT NULL,
      position INTEGER NOT NULL,
      body TEXT NOT NULL,
      PRIMARY KEY (job_id, attempt, position)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE outbox_dead (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      job_id TEXT NOT NULL,
      attempt INTEGER NOT NULL,
      sequence INTEGER,
      status TEXT,
      body TEXT NOT NULL,
      segments_end INTEGER NOT NULL,
      is_sendable INTEGER NOT NULL,               -- 0: no valid update; kept to be read
      code TEXT NOT NULL,
      reason TEXT NOT NULL,
      dead_at INTEGER NOT NULL                    -- epoch seconds
    ) STRICT;
    """,
    """
    -- Epoch seconds at which Convex was found to have lost the job; 0: it has not.
    ALTER TABLE outbox_jobs ADD COLUMN removed INTEGER NOT NULL DEFAULT 0;
    -- 1: segments that Convex lacks are gone; those that follow could not be placed.
    ALTER TABLE outbox_jobs ADD COLUMN has_gap INTEGER NOT NULL DEFAULT 0;
    -- The kind of the failures in a row, how many there were, and the seconds that they took.
    ALTER TABLE outbox_updates ADD COLUMN trouble TEXT;
    ALTER TABLE outbox_updates ADD COLUMN trouble_tries INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE outbox_updates ADD COLUMN trouble_seconds REAL NOT NULL DEFAULT 0;
    -- A JSON list of the job's segments from 0 on, to be stored again with the update.
    ALTER TABLE outbox_dead ADD COLUMN segments TEXT;
    """,
)
