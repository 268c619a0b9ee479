"""Updates that cannot be sent as they are, with the reason, until a person has seen to them."""

import sqlite3
import time
from dataclasses import dataclass

from .prepare import Poison


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


def bury_poison(connection: sqlite3.Connection, poison: Poison, sequence: int) -> None:
    """Keeps a value that is no valid update."""
    _insert(
        connection,
        (poison.job_id, poison.attempt, sequence, poison.status, poison.text, 0, False),
        ("invalid_payload", poison.reason),
    )


def bury_text(
    connection: sqlite3.Connection,
    job: tuple[str, int],
    body: str,
    code: str,
    reason: str,
) -> None:
    """Keeps a part of a transcript that could not be sent, for a person to read."""
    _insert(connection, (*job, None, None, body, 0, False), (code, reason))


def bury_update(
    connection: sqlite3.Connection, update_id: int, sequence: int, code: str, reason: str
) -> None:
    """Moves a waiting update here, unless a newer one has taken its place meanwhile."""
    row = connection.execute(
        "DELETE FROM outbox_updates WHERE id = ? AND sequence = ? "
        "RETURNING job_id, attempt, sequence, status, body, segments_end",
        (update_id, sequence),
    ).fetchone()
    if row is not None:
        _insert(connection, (*row, True), (code, reason))


def retry(connection: sqlite3.Connection, letter_id: int) -> bool:
    """Puts one update back behind what waits for its job, under the number that it had.

    That number was refused and never taken, so it is still free. Returns whether there was one.
    """
    row = connection.execute(
        "DELETE FROM outbox_dead WHERE id = ? AND is_sendable "
        "RETURNING job_id, attempt, sequence, status, body, segments_end",
        (letter_id,),
    ).fetchone()
    if row is None:
        return False
    connection.execute(
        "INSERT INTO outbox_updates (job_id, attempt, sequence, status, body, segments_end, "
        "is_progress, numbered_by, put_at, tries) VALUES (?, ?, ?, ?, ?, ?, 0, '', ?, 1)",
        (*row, int(time.time())),
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
    connection: sqlite3.Connection, update: tuple[object, ...], why: tuple[str, str]
) -> None:
    connection.execute(
        "INSERT INTO outbox_dead (job_id, attempt, sequence, status, body, segments_end, "
        "is_sendable, code, reason, dead_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*update, *why, int(time.time())),
    )
