"""Updates that cannot be sent as they are, with the reason, until a person has seen to them."""

import json
import sqlite3
import time
from dataclasses import dataclass

from .prepare import Poison

# Part of the statements below; no value of a caller's is ever formatted into one.
_COLUMNS = "job_id, attempt, sequence, status, body, segments_end"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One update that was refused for good. `dead_at` is epoch seconds.

    `is_sendable` is false for what is no valid update: it can be read and purged, not retried.
    """

    id: int
    job_id: str
    attempt: int
    sequence: int | None
    status: str | None
    code: str
    reason: str
    is_sendable: bool
    dead_at: int


def add_poison(connection: sqlite3.Connection, poison: Poison, sequence: int) -> None:
    """Keeps a value that is no valid update."""
    row = (poison.job_id, poison.attempt, sequence, poison.status, poison.text, 0)
    _insert(connection, row, ("invalid_payload", poison.reason))


def add_text(
    connection: sqlite3.Connection, job: tuple[str, int], body: str, code: str, reason: str
) -> None:
    """Keeps a part of a transcript that could not be sent, for a person to read."""
    _insert(connection, (*job, None, None, body, 0), (code, reason))


def add_update(
    connection: sqlite3.Connection,
    update: tuple[object, ...],
    code: str,
    reason: str,
    *,
    segments: str | None = None,
) -> None:
    """Keeps an update that can be sent again: job, attempt, sequence, status, body, segments' end.

    `segments` are those of the whole job, where it would have to be rebuilt, as a JSON list.
    """
    _insert(connection, update, (code, reason), is_sendable=True, segments=segments)


def move_here(
    connection: sqlite3.Connection, update_id: int, sequence: int, code: str, reason: str
) -> sqlite3.Row | None:
    """Moves a waiting update here, unless a newer one has taken its place meanwhile."""
    row: sqlite3.Row | None = connection.execute(
        f"DELETE FROM outbox_updates WHERE id = ? AND sequence = ? RETURNING {_COLUMNS}",  # noqa: S608
        (update_id, sequence),
    ).fetchone()
    if row is not None:
        add_update(connection, tuple(row), code, reason)
    return row


def retry(connection: sqlite3.Connection, letter_id: int) -> bool:
    """Puts one update back behind what waits for its job, under the number that it had.

    That number was refused and never taken, so it is still free. Returns whether there was one.
    """
    row = connection.execute(
        f"DELETE FROM outbox_dead WHERE id = ? AND is_sendable RETURNING {_COLUMNS}, segments",  # noqa: S608
        (letter_id,),
    ).fetchone()
    if row is None:
        return False
    *update, segments = row
    job = update[:2]
    if segments is not None:
        connection.executemany(
            "INSERT OR IGNORE INTO outbox_segments VALUES (?, ?, ?, ?)",
            ((*job, n, json.dumps(item)) for n, item in enumerate(json.loads(segments))),
        )
    connection.execute(
        "INSERT OR IGNORE INTO outbox_jobs (job_id, attempt, next_sequence, segments_end, "
        "touched_at) VALUES (?, ?, ? + 1, ?, ?)",
        (*update[:3], update[5], int(time.time())),
    )
    # Convex is asked as if it had never known the job: it may have lost it.
    connection.execute(
        "UPDATE outbox_jobs SET removed = 0, has_gap = 0, accepted = 0, confirmed = 0, ended = 0 "
        "WHERE job_id = ? AND attempt = ? AND removed",
        job,
    )
    connection.execute(
        f"INSERT INTO outbox_updates ({_COLUMNS}, "  # noqa: S608
        "is_progress, numbered_by, put_at, tries) VALUES (?, ?, ?, ?, ?, ?, 0, '', ?, 1)",
        (*update, int(time.time())),
    )
    return True


def purge(connection: sqlite3.Connection, letter_id: int) -> bool:
    """Deletes one for good; whether there was one."""
    return connection.execute("DELETE FROM outbox_dead WHERE id = ?", (letter_id,)).rowcount > 0


def count(connection: sqlite3.Connection) -> int:
    """How many there are."""
    (number,) = connection.execute("SELECT count(*) FROM outbox_dead").fetchone()
    return int(number)


def list_all(connection: sqlite3.Connection) -> list[DeadLetter]:
    """All of them, oldest first, without their bodies."""
    rows = connection.execute(
        "SELECT id, job_id, attempt, sequence, status, code, reason, is_sendable, dead_at "
        "FROM outbox_dead ORDER BY id"
    )
    return [DeadLetter(**{**row, "is_sendable": bool(row["is_sendable"])}) for row in rows]


def _insert(
    connection: sqlite3.Connection,
    update: tuple[object, ...],
    why: tuple[str, str],
    *,
    is_sendable: bool = False,
    segments: str | None = None,
) -> None:
    connection.execute(
        f"INSERT INTO outbox_dead ({_COLUMNS}, "  # noqa: S608
        "is_sendable, segments, code, reason, dead_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*update, is_sendable, segments, *why, int(time.time())),
    )
