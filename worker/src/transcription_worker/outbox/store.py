"""The outbox's reads and writes, each called with a connection within a transaction."""

import json
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

from ..models import JobUpdate, Status
from . import dead_letter
from .fit import fit_result
from .merge import may_merge, merge
from .pace import Waiting
from .plain import Repair
from .prepare import Poison, Prepared, prepare, to_json
from .segments import insert_segments

RUN = uuid4().hex
"""This run of the process: a number that it gave cannot have been sent before it began."""

# Seconds in which what is put for a removed job is its work coming to an end.
_REMOVED_FOR = 60 * 60
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
    repairs: tuple[Repair, ...] = ()
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
        "RETURNING next_sequence - 1 AS sequence, last_status, segments_end, removed",
        (*job, _now()),
    ).fetchone()
    sequence: int = row["sequence"]
    dead: str | None = None
    if isinstance(prepared, Poison):
        dead = prepared.reason
        dead_letter.add_poison(connection, prepared, sequence)
    elif row["removed"] and not _begins_again(connection, prepared, row["removed"]):
        # Its work may not have heard of it yet: what a retry would need stays.
        insert_segments(connection, job, prepared.offset, prepared.segments)
        segments_end = row["segments_end"]
        if prepared.segments:
            segments_end = max(segments_end, prepared.offset + len(prepared.segments))
        connection.execute(
            "UPDATE outbox_jobs SET segments_end = ? WHERE job_id = ? AND attempt = ?",
            (segments_end, *job),
        )
        if prepared.status in (Status.COMPLETED, Status.FAILED):
            dead = "Convex has lost this job"
            end = (*job, sequence, prepared.status, to_json(prepared.body), segments_end)
            dead_letter.add_update(connection, end, "job_removed", dead)
    else:
        return _store(connection, prepared, sequence, row, request_bytes)
    return PutResult(*job, sequence, waiting_for(connection, prepared.job_id), dead=dead)


def _begins_again(connection: sqlite3.Connection, update: Prepared, removed: int) -> bool:
    """Whether this is a new job under the id of one that was removed long ago."""
    if update.status is not Status.PENDING or _now() - removed < _REMOVED_FOR:
        return False
    connection.execute("DELETE FROM outbox_segments WHERE job_id = ?", (update.job_id,))
    connection.execute(
        "UPDATE outbox_jobs SET removed = 0, has_gap = 0, accepted = 0, confirmed = 0, ended = 0, "
        "segments_end = 0 WHERE job_id = ? AND attempt = ?",
        (update.job_id, update.attempt),
    )
    return True


def _store(
    connection: sqlite3.Connection,
    update: Prepared,
    sequence: int,
    row: sqlite3.Row,
    request_bytes: int,
) -> PutResult:
    job = (update.job_id, update.attempt)
    insert_segments(connection, job, update.offset, update.segments)
    segments_end = row["segments_end"]
    if update.segments:
        segments_end = max(segments_end, update.offset + len(update.segments))
    body, segments_end = fit_result(connection, job, update.body, segments_end, request_bytes)
    is_progress = row["last_status"] == update.status
    if not is_progress or segments_end != row["segments_end"]:
        connection.execute(
            "UPDATE outbox_jobs SET last_status = ?, segments_end = ? "
            "WHERE job_id = ? AND attempt = ?",
            (update.status, segments_end, *job),
        )
    merged = _add(connection, update, body, sequence, segments_end, is_progress=is_progress)
    waiting = waiting_for(connection, update.job_id)
    return PutResult(*job, sequence, waiting, merged=merged, repairs=update.repairs)


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
    values: tuple[object, ...] = (sequence, update.status, is_progress, segments_end, RUN)
    if last is not None and last["is_progress"] and last["attempt"] == update.attempt:
        older = json.loads(last["body"])
        if may_merge(older, body):
            body = merge(older, body)
            connection.execute(
                "UPDATE outbox_updates SET sequence = ?, status = ?, is_progress = ?, "
                "segments_end = ?, numbered_by = ?, progress = ?, body = ?, tries = 0 "
                "WHERE id = ?",
                (*values, body.get("progress"), to_json(body), last["id"]),
            )
            return True
    connection.execute(
        "INSERT INTO outbox_updates (sequence, status, is_progress, segments_end, numbered_by, "
        "progress, body, job_id, attempt, put_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*values, body.get("progress"), to_json(body), update.job_id, update.attempt, _now()),
    )
    return False


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


def count_waiting(connection: sqlite3.Connection) -> tuple[int, float | None]:
    """How many updates wait, and for how many seconds the oldest of them."""
    number, oldest = connection.execute(
        "SELECT count(*), min(put_at) FROM outbox_updates"
    ).fetchone()
    return int(number), None if oldest is None else max(0.0, time.time() - oldest)


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
