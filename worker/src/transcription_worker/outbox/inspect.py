"""The outbox as a person sees it: no part of a transcript is in here."""

import sqlite3
from dataclasses import dataclass

from .settle import drop_job


@dataclass(frozen=True, slots=True)
class WaitingUpdate:
    """One update on its way. `put_at` is epoch seconds; `tries` counts those that failed."""

    job_id: str
    attempt: int
    sequence: int
    status: str
    put_at: int
    tries: int
    last_error: str | None


def list_waiting(connection: sqlite3.Connection) -> list[WaitingUpdate]:
    """All that wait, in the order in which they are sent within each job."""
    rows = connection.execute(
        "SELECT job_id, attempt, sequence, status, put_at, tries, last_error "
        "FROM outbox_updates ORDER BY id"
    )
    return [WaitingUpdate(**dict(row)) for row in rows]


def purge_job(connection: sqlite3.Connection, job_id: str) -> int:
    """Deletes all that the outbox has of a job; the number of updates among it."""
    dead = connection.execute("DELETE FROM outbox_dead WHERE job_id = ?", (job_id,)).rowcount
    return drop_job(connection, job_id) + dead
