"""Live segments by their place in the transcript, called within a transaction."""

import math
import sqlite3
from collections.abc import Iterable

from . import dead_letter
from .prepare import to_json

JobKey = tuple[str, int]
"""A job's id and attempt."""


def insert_segments(
    connection: sqlite3.Connection, job: JobKey, offset: int, items: Iterable[dict[str, object]]
) -> None:
    """Stores segments from `offset` on. What is there stays, as on the server."""
    connection.executemany(
        "INSERT OR IGNORE INTO outbox_segments VALUES (?, ?, ?, ?)",
        ((*job, offset + index, to_json(item)) for index, item in enumerate(items)),
    )


def read_segments(
    connection: sqlite3.Connection, job: JobKey, start: int, end: int, enough: float = math.inf
) -> list[tuple[int, str]]:
    """The segments from `start` on as far as they are without a gap, before `end`.

    At least two of them, and no more than it takes to exceed `enough` characters.
    """
    rows = connection.execute(
        "SELECT position, body FROM outbox_segments "
        "WHERE job_id = ? AND attempt = ? AND position >= ? AND position < ? ORDER BY position",
        (*job, start, end),
    )
    found: list[tuple[int, str]] = []
    for position, body in rows:
        if position != start + len(found):
            break
        found.append((position, body))
        enough -= len(body)
        if enough < 0 and len(found) > 1:
            break
    return found


def first_held(connection: sqlite3.Connection, job: JobKey, start: int) -> int | None:
    """The place of the first segment from `start` on that is stored."""
    row = connection.execute(
        "SELECT min(position) FROM outbox_segments "
        "WHERE job_id = ? AND attempt = ? AND position >= ?",
        (*job, start),
    ).fetchone()
    position: int | None = row[0]
    return position


def delete_earlier_attempts(connection: sqlite3.Connection, job: JobKey) -> None:
    """Deletes the segments of the attempts before this one."""
    connection.execute("DELETE FROM outbox_segments WHERE job_id = ? AND attempt < ?", job)


def dead_letter_from(
    connection: sqlite3.Connection, job: JobKey, position: int, code: str, reason: str
) -> None:
    """Takes the segments from `position` on to the dead-letter, for a person to read.

    `reason` says why they could not be placed.
    """
    rows = connection.execute(
        "DELETE FROM outbox_segments WHERE job_id = ? AND attempt = ? AND position >= ? "
        "RETURNING position, body",
        (*job, position),
    ).fetchall()
    if rows:
        rows.sort(key=lambda row: int(row["position"]))
        text = f"[{','.join(row['body'] for row in rows)}]"
        told = f"segments from {rows[0]['position']} on could not be placed: {reason}"
        dead_letter.add_text(connection, job, text, code, told)
