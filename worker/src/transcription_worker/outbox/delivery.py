"""What is sent next for a job, and what its answer changes; called within a transaction."""

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from ..models import Status, UpdateOutcome
from . import dead_letter
from .pace import Waiting
from .prepare import to_json
from .store import RUN, waiting_for

# Bytes for the punctuation around segments and for numbers of any length.
_ENVELOPE_BYTES = 128


@dataclass(frozen=True, slots=True)
class Request:
    """One request, made from the update with this id and number.

    `confirmed` is how many segments Convex has once the request is accepted.
    `is_piece`: segments that do not fit into the update's own request go before it, under the
    number `sequence`. `is_new`: the number was given by this run of the worker and never sent.
    """

    update_id: int
    update_sequence: int
    job_id: str
    attempt: int
    sequence: int
    status: Status
    progress: float | None
    content: bytes
    confirmed: int
    is_piece: bool
    is_new: bool
    tries: int
    was_known: bool
    has_timestamps: bool


def next_request(connection: sqlite3.Connection, job_id: str, request_bytes: int) -> Request | None:
    """The request for the update that has waited longest; `None` where none waits."""
    row = connection.execute(
        "SELECT updates.*, confirmed, "
        "(SELECT max(accepted) FROM outbox_jobs WHERE job_id = ?1) AS was_known, "
        "json_type(body, '$.result.segments') IS NOT NULL AS has_result_segments, "
        "json_type(body, '$.timestamps') IS NOT NULL AS has_timestamps "
        "FROM outbox_updates AS updates JOIN outbox_jobs USING (job_id, attempt) "
        "WHERE job_id = ?1 ORDER BY id LIMIT 1",
        (job_id,),
    ).fetchone()
    if row is None:
        return None
    body: str = row["body"]
    sequence = update_sequence = int(row["sequence"])
    items: list[str] = []
    is_whole = True
    confirmed = row["confirmed"]
    if row["has_result_segments"]:
        confirmed = max(confirmed, row["segments_end"])  # they take the place of live ones
    else:
        items, is_whole = _pending_segments(connection, row, request_bytes - _bytes(body))
    if not is_whole:
        body = to_json(_piece_body(row))
        items, _ = _pending_segments(connection, row, request_bytes - _bytes(body))
        sequence = _number_again(connection, row["job_id"], row["attempt"], room_for=1)
        update_sequence = sequence + 1
    segments = f',"segments":{{"offset":{confirmed},"items":[{",".join(items)}]}}' if items else ""
    return Request(
        update_id=row["id"],
        update_sequence=update_sequence,
        job_id=row["job_id"],
        attempt=row["attempt"],
        sequence=sequence,
        status=Status(row["status"]),
        progress=row["progress"],
        content=f'{body[:-1]},"sequence":{sequence}{segments}}}'.encode(),
        confirmed=confirmed + len(items),
        is_piece=not is_whole,
        is_new=row["numbered_by"] == RUN and row["tries"] == 0,
        tries=row["tries"],
        was_known=bool(row["was_known"]),
        has_timestamps=bool(row["has_timestamps"]),
    )


def _bytes(body: str) -> int:
    return len(body.encode()) + _ENVELOPE_BYTES


def _pending_segments(
    connection: sqlite3.Connection, row: sqlite3.Row, budget: int
) -> tuple[list[str], bool]:
    """The segments that Convex lacks, without a gap and within the budget of bytes, at least one;
    and whether these are all."""
    items: list[str] = []
    rows = connection.execute(
        "SELECT position, body FROM outbox_segments "
        "WHERE job_id = ? AND attempt = ? AND position >= ? AND position < ? ORDER BY position",
        (row["job_id"], row["attempt"], row["confirmed"], row["segments_end"]),
    )
    for position, body in rows:
        if position != row["confirmed"] + len(items):
            break
        budget -= len(body.encode()) + 1
        if items and budget < 0:
            return items, False
        items.append(body)
    return items, True


def _piece_body(row: sqlite3.Row) -> dict[str, Any]:
    """The body of a request for segments alone: nothing in it must run ahead of the update."""
    body = json.loads(row["body"])
    keys = {"jobId", "attempt", "userId", "status"}
    if Status(row["status"]).is_terminal:
        body["status"] = Status.PROCESSING
    else:
        keys |= {"stage", "message", "estimatedTimeRemaining"}
    return {key: value for key, value in body.items() if key in keys}


def _number_again(
    connection: sqlite3.Connection,
    job_id: str,
    attempt: int,
    *,
    room_for: int = 0,
    above: int = 0,
) -> int:
    """Gives all updates that wait new numbers, in their order, behind `room_for` free ones.

    A number once sent must never go out with other content: the server takes it for a duplicate.
    Returns the first of the free numbers.
    """
    (next_sequence,) = connection.execute(
        "SELECT next_sequence FROM outbox_jobs WHERE job_id = ? AND attempt = ?", (job_id, attempt)
    ).fetchone()
    first: int = max(next_sequence, above + 1)
    waiting = connection.execute(
        "SELECT id FROM outbox_updates WHERE job_id = ? AND attempt = ? ORDER BY id",
        (job_id, attempt),
    ).fetchall()
    for number, (update_id,) in enumerate(waiting, first + room_for):
        connection.execute(
            "UPDATE outbox_updates SET sequence = ?, numbered_by = ? WHERE id = ?",
            (number, RUN, update_id),
        )
    connection.execute(
        "UPDATE outbox_jobs SET next_sequence = ? WHERE job_id = ? AND attempt = ?",
        (first + room_for + len(waiting), job_id, attempt),
    )
    return first


def accept(
    connection: sqlite3.Connection, request: Request, outcome: UpdateOutcome
) -> Waiting | None:
    """The update is in. Returns what waits for the job now."""
    job = (request.job_id, request.attempt)
    if outcome.outcome == "duplicate" and request.is_new:
        # The file was lost and the numbering began again: that number was another update's.
        connection.execute(
            "UPDATE outbox_updates SET tries = tries + 1 WHERE id = ?", (request.update_id,)
        )
        _number_again(connection, *job, above=outcome.sequence or 0)
        return waiting_for(connection, request.job_id)
    if not request.is_piece:
        connection.execute(
            "DELETE FROM outbox_updates WHERE id = ? AND sequence = ?",
            (request.update_id, request.sequence),
        )
    connection.execute(
        "UPDATE outbox_jobs SET accepted = 1, ended = max(ended, ?), confirmed = max(confirmed, ?) "
        "WHERE job_id = ? AND attempt = ?",
        (request.status.is_terminal and not request.is_piece, request.confirmed, *job),
    )
    if outcome.attempt == request.attempt and _is_ahead(connection, job, outcome.sequence):
        _number_again(connection, *job, above=outcome.sequence or 0)
    waiting = waiting_for(connection, request.job_id)
    if waiting is None:
        _clear_segments(connection, *job)
    return waiting


def _is_ahead(connection: sqlite3.Connection, job: tuple[str, int], sequence: int | None) -> bool:
    """Whether Convex has seen a number of this attempt that this file has not given yet."""
    row = connection.execute(
        "SELECT 1 FROM outbox_jobs WHERE job_id = ? AND attempt = ? AND next_sequence <= ?",
        (*job, sequence),
    ).fetchone()
    return row is not None


def _clear_segments(connection: sqlite3.Connection, job_id: str, attempt: int) -> None:
    """Deletes the segments of an attempt that has ended, and those of the attempts before it."""
    job = (job_id, attempt)
    connection.execute("DELETE FROM outbox_segments WHERE job_id = ? AND attempt < ?", job)
    row = connection.execute(
        "SELECT ended, confirmed FROM outbox_jobs WHERE job_id = ? AND attempt = ?", job
    ).fetchone()
    if not row["ended"]:
        return
    stranded = connection.execute(
        "SELECT position, body FROM outbox_segments "
        "WHERE job_id = ? AND attempt = ? AND position >= ? ORDER BY position",
        (*job, row["confirmed"]),
    ).fetchall()
    if stranded:
        dead_letter.bury_text(
            connection,
            job,
            f"[{','.join(segment['body'] for segment in stranded)}]",
            "segment_gap",
            f"segments from {stranded[0]['position']} on could not be placed: those from "
            f"{row['confirmed']} on were never put",
        )
    connection.execute("DELETE FROM outbox_segments WHERE job_id = ? AND attempt = ?", job)


def resend_from(connection: sqlite3.Connection, request: Request, expected: int) -> Waiting | None:
    """Convex has segments up to `expected` only: what comes next begins there."""
    connection.execute(
        "UPDATE outbox_jobs SET confirmed = ? WHERE job_id = ? AND attempt = ?",
        (expected, request.job_id, request.attempt),
    )
    return waiting_for(connection, request.job_id)


def drop_timestamps(connection: sqlite3.Connection, request: Request) -> Waiting | None:
    """Convex does not take the times of this machine's clock and uses its own instead."""
    connection.execute(
        "UPDATE outbox_updates SET body = json_remove(body, '$.timestamps') "
        "WHERE id = ? AND sequence = ?",
        (request.update_id, request.sequence),
    )
    return waiting_for(connection, request.job_id)


def bury(
    connection: sqlite3.Connection, request: Request, code: str, reason: str
) -> Waiting | None:
    """To the dead-letter; its segments stay, for the updates that follow."""
    dead_letter.bury_update(connection, request.update_id, request.update_sequence, code, reason)
    return waiting_for(connection, request.job_id)


def note_failure(connection: sqlite3.Connection, request: Request, reason: str) -> Waiting | None:
    """Remembers why a try failed, for `outbox list`."""
    connection.execute(
        "UPDATE outbox_updates SET tries = tries + 1, last_error = ? WHERE id = ? AND sequence = ?",
        (reason, request.update_id, request.update_sequence),
    )
    return waiting_for(connection, request.job_id)


def drop_job(connection: sqlite3.Connection, job_id: str) -> int:
    """Deletes everything of a job but its dead letters; the number of updates that waited."""
    dropped = connection.execute("DELETE FROM outbox_updates WHERE job_id = ?", (job_id,)).rowcount
    connection.execute("DELETE FROM outbox_segments WHERE job_id = ?", (job_id,))
    connection.execute("DELETE FROM outbox_jobs WHERE job_id = ?", (job_id,))
    return dropped
