"""The outbox's reads and writes, each called with a connection within a transaction."""

import json
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

from ..models import JobUpdate
from . import dead_letter
from .mend_plain import Mend
from .merge import may_merge, merge
from .pace import Waiting
from .prepare import Poison, Prepared, prepare, to_json
from .spill import segments_to_append

RUN = uuid4().hex
"""This run of the process: a number that it gave cannot have been sent before it began."""

# Seconds that the numbering of a job outlives its last update.
_REMEMBERED_FOR = 30 * 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class PutResult:
    """What became of a put: what waits for the job now, and the reason if the update is dead."""

    job_id: str
    attempt: int
    sequence: int
    waiting: Waiting | None
    merged: bool = False
    mends: tuple[Mend, ...] = ()
    dead: str | None = None


def put(
    connection: sqlite3.Connection,
    update: JobUpdate | Mapping[str, object],
    request_bytes: int,
) -> PutResult:
    """Numbers an update and stores it."""
    prepared = prepare(update)
    job = (prepared.job_id, prepared.attempt)
    row = connection.execute(
        "INSERT INTO outbox_jobs (job_id, attempt, next_sequence, touched_at) "
        "VALUES (?, ?, 2, ?) ON CONFLICT DO UPDATE SET "
        "next_sequence = next_sequence + 1, touched_at = excluded.touched_at "
        "RETURNING next_sequence - 1 AS sequence, last_status, segments_end",
        (*job, _now()),
    ).fetchone()
    sequence: int = row["sequence"]
    if isinstance(prepared, Poison):
        dead_letter.bury_poison(connection, prepared, sequence)
        waiting = waiting_for(connection, prepared.job_id)
        return PutResult(*job, sequence, waiting, dead=prepared.reason)
    body, segments_end = _store_segments(connection, prepared, row["segments_end"], request_bytes)
    is_progress = row["last_status"] == prepared.status
    if not is_progress or segments_end != row["segments_end"]:
        connection.execute(
            "UPDATE outbox_jobs SET last_status = ?, segments_end = ? "
            "WHERE job_id = ? AND attempt = ?",
            (prepared.status, segments_end, *job),
        )
    merged = _add(connection, prepared, body, sequence, segments_end, is_progress=is_progress)
    waiting = waiting_for(connection, prepared.job_id)
    return PutResult(*job, sequence, waiting, merged=merged, mends=prepared.mends)


def _store_segments(
    connection: sqlite3.Connection, update: Prepared, segments_end: int, request_bytes: int
) -> tuple[dict[str, object], int]:
    """Stores live segments; the body to be sent, and the place after the last segment."""
    job = (update.job_id, update.attempt)
    body, items = update.body, update.segments
    _insert_segments(connection, job, update.offset, items)
    if items:
        segments_end = max(segments_end, update.offset + len(items))
    result = body.get("result")
    if result is None or len(to_json(body).encode()) <= request_bytes:
        return body, segments_end
    live = [text for _, text in _segments(connection, job, 0, segments_end)]
    if result.get("segments") is None:
        reason = "the text alone is too large for one request; it was completed without it"
        dead_letter.bury_text(connection, job, to_json(result), "payload_too_large", reason)
    else:
        more = segments_to_append(live, result["segments"])
        _insert_segments(connection, job, len(live), more)
        segments_end = len(live) + len(more)
    rest = {key: value for key, value in result.items() if key not in ("segments", "text")}
    return {**body, "result": rest}, segments_end


def _add(
    connection: sqlite3.Connection,
    update: Prepared,
    body: dict[str, object],
    sequence: int,
    segments_end: int,
    *,
    is_progress: bool,
) -> bool:
    """Adds an update behind those that wait, or in the place of a progress update that is last."""
    last = connection.execute(
        "SELECT id, attempt, is_progress, body FROM outbox_updates WHERE job_id = ? "
        "ORDER BY id DESC LIMIT 1",
        (update.job_id,),
    ).fetchone()
    values: tuple[object, ...] = (sequence, update.status, is_progress, segments_end, RUN, _now())
    if last is not None and last["is_progress"] and last["attempt"] == update.attempt:
        older = json.loads(last["body"])
        if may_merge(older, body):
            body = merge(older, body)
            connection.execute(
                "UPDATE outbox_updates SET sequence = ?, status = ?, is_progress = ?, "
                "segments_end = ?, numbered_by = ?, put_at = ?, progress = ?, body = ?, tries = 0 "
                "WHERE id = ?",
                (*values, body.get("progress"), to_json(body), last["id"]),
            )
            return True
    connection.execute(
        "INSERT INTO outbox_updates (sequence, status, is_progress, segments_end, numbered_by, "
        "put_at, progress, body, job_id, attempt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*values, body.get("progress"), to_json(body), update.job_id, update.attempt),
    )
    return False


def _insert_segments(
    connection: sqlite3.Connection,
    job: tuple[str, int],
    offset: int,
    items: list[dict[str, object]],
) -> None:
    # What is there stays, as on the server.
    connection.executemany(
        "INSERT OR IGNORE INTO outbox_segments VALUES (?, ?, ?, ?)",
        ((*job, offset + index, to_json(item)) for index, item in enumerate(items)),
    )


def _segments(
    connection: sqlite3.Connection, job: tuple[str, int], start: int, end: int
) -> list[tuple[int, str]]:
    """The segments from `start` on as far as they are without a gap, before `end`."""
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
    return found


def waiting_for(connection: sqlite3.Connection, job_id: str) -> Waiting | None:
    """What waits for one job."""
    row = connection.execute(
        "SELECT count(*) AS number, sum(1 - is_progress) AS changes, max(progress) AS progress "
        "FROM outbox_updates WHERE job_id = ?",
        (job_id,),
    ).fetchone()
    return _waiting(row) if row["number"] else None


def waiting_jobs(connection: sqlite3.Connection) -> dict[str, Waiting]:
    """What waits, by job, the job that has waited longest first."""
    rows = connection.execute(
        "SELECT job_id, count(*) AS number, sum(1 - is_progress) AS changes, "
        "max(progress) AS progress FROM outbox_updates GROUP BY job_id ORDER BY min(id)"
    )
    return {row["job_id"]: _waiting(row) for row in rows}


def _waiting(row: sqlite3.Row) -> Waiting:
    # More than one progress update: of two attempts, or of two users; the first is overdue.
    is_urgent = row["changes"] > 0 or row["number"] > 1
    return Waiting(is_urgent=is_urgent, progress=row["progress"])


def count_waiting(connection: sqlite3.Connection) -> int:
    """How many updates wait."""
    (number,) = connection.execute("SELECT count(*) FROM outbox_updates").fetchone()
    return int(number)


def data_version(connection: sqlite3.Connection) -> int:
    """A number that changes when another connection has written to the file."""
    (version,) = connection.execute("PRAGMA data_version").fetchone()
    return int(version)


def forget_finished_jobs(connection: sqlite3.Connection) -> None:
    """Deletes what is left of jobs that nothing was put or waits for since a month."""
    old = (
        "SELECT job_id, attempt FROM outbox_jobs WHERE touched_at < ? AND NOT EXISTS "
        "(SELECT 1 FROM outbox_updates WHERE outbox_updates.job_id = outbox_jobs.job_id) "
        "AND NOT EXISTS "
        "(SELECT 1 FROM outbox_dead WHERE outbox_dead.job_id = outbox_jobs.job_id AND is_sendable)"
    )
    before = _now() - _REMEMBERED_FOR
    connection.execute(
        f"DELETE FROM outbox_segments WHERE (job_id, attempt) IN ({old})",  # noqa: S608
        (before,),
    )
    connection.execute(
        f"DELETE FROM outbox_jobs WHERE (job_id, attempt) IN ({old})",  # noqa: S608
        (before,),
    )


def _now() -> int:
    return int(time.time())
