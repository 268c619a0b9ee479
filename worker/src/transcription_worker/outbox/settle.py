"""What an answer changes in the outbox; called within a transaction, gives what waits then."""

import json
import sqlite3
import time
from collections.abc import Callable

from ..models import Status, UpdateOutcome
from . import dead_letter
from .pace import Waiting
from .prepare import to_json
from .requests import Request, number_again
from .segments import (
    JobKey,
    dead_letter_from,
    delete_earlier_attempts,
    first_held,
    read_segments,
)
from .store import RUN, waiting_for
from .verdict import Trouble

Settle = Callable[[sqlite3.Connection], Waiting | None]

NOT_DELIVERED = "not_delivered"
"""The `errorCode` of the end that Convex gets where it refused the real one."""


def accept(
    connection: sqlite3.Connection, request: Request, outcome: UpdateOutcome
) -> Waiting | None:
    """The update is in."""
    job = (request.job_id, request.attempt)
    if outcome.outcome == "duplicate" and request.is_new:
        # The file was lost and the numbering began again: that number was another update's.
        waits = connection.execute(
            "UPDATE outbox_updates SET tries = tries + 1 WHERE id = ?", (request.update_id,)
        )
        if waits.rowcount:  # else it was purged meanwhile
            number_again(connection, job, above=outcome.sequence or 0)
        return waiting_for(connection, request.job_id)
    if outcome.outcome == "ignored" and outcome.status is Status.FAILED:
        _keep_retried_end(connection, request)
    if not request.is_piece:
        connection.execute(
            "DELETE FROM outbox_updates WHERE id = ? AND sequence = ?",
            (request.update_id, request.sequence),
        )
    connection.execute(
        "UPDATE outbox_jobs SET accepted = 1, ended = max(ended, ?), confirmed = max(confirmed, ?) "
        "WHERE job_id = ? AND attempt = ?",
        (request.ends, request.confirmed, *job),
    )
    if outcome.attempt == request.attempt and _is_ahead(connection, job, outcome.sequence):
        number_again(connection, job, above=outcome.sequence or 0)
    if outcome.outcome == "ignored" and outcome.status is Status.CANCELLED:
        # Its user has stopped the job; no segment of it will ever be needed.
        connection.execute("DELETE FROM outbox_segments WHERE job_id = ?", (request.job_id,))
    waiting = waiting_for(connection, request.job_id)
    if waiting is None:
        _clear_segments(connection, job)
    return waiting


def _keep_retried_end(connection: sqlite3.Connection, request: Request) -> None:
    """A transcript that a person sent again, after a short end had taken its place: it stays."""
    retried = connection.execute(
        "SELECT 1 FROM outbox_updates WHERE id = ? AND numbered_by = '' AND status = 'completed'",
        (request.update_id,),
    ).fetchone()
    if retried is not None and request.ends:
        reason = "the job has ended as failed and takes no transcript any more; a new job would"
        dead_letter.move_here(connection, request.update_id, request.sequence, "job_ended", reason)


def _is_ahead(connection: sqlite3.Connection, job: JobKey, sequence: int | None) -> bool:
    """Whether Convex has seen a number of this attempt that this file has not given yet."""
    row = connection.execute(
        "SELECT 1 FROM outbox_jobs WHERE job_id = ? AND attempt = ? AND next_sequence <= ?",
        (*job, sequence),
    ).fetchone()
    return row is not None


def _clear_segments(connection: sqlite3.Connection, job: JobKey) -> None:
    """Deletes the segments of an attempt that has ended, and those of the attempts before it."""
    delete_earlier_attempts(connection, job)
    row = connection.execute(
        "SELECT ended, confirmed FROM outbox_jobs WHERE job_id = ? AND attempt = ?", job
    ).fetchone()
    if row is None or not row["ended"]:
        return
    reason = f"those from {row['confirmed']} on were never put"
    dead_letter_from(connection, job, row["confirmed"], "segment_gap", reason)
    connection.execute("DELETE FROM outbox_segments WHERE job_id = ? AND attempt = ?", job)


def resend_from(connection: sqlite3.Connection, request: Request, expected: int) -> Waiting | None:
    """Convex has segments up to `expected` only: what comes next begins there, if it is held."""
    job = (request.job_id, request.attempt)
    if first_held(connection, job, expected) == expected:
        connection.execute(
            "UPDATE outbox_jobs SET confirmed = ? WHERE job_id = ? AND attempt = ?",
            (expected, *job),
        )
    else:
        reason = f"Convex has the first {expected} segments, and the next one is not held any more"
        _give_up_segments(connection, job, expected, "segment_gap", reason)
    return waiting_for(connection, request.job_id)


def give_up_segments(connection: sqlite3.Connection, request: Request) -> Waiting | None:
    """A segment is too large for whatever is between here and Convex; the rest goes without."""
    job = (request.job_id, request.attempt)
    reason = "a single segment is too large for a request"
    position = request.confirmed - request.segments
    _give_up_segments(connection, job, position, "payload_too_large", reason)
    return waiting_for(connection, request.job_id)


def _give_up_segments(
    connection: sqlite3.Connection, job: JobKey, position: int, code: str, reason: str
) -> None:
    dead_letter_from(connection, job, position, code, reason)
    connection.execute("UPDATE outbox_jobs SET has_gap = 1 WHERE job_id = ? AND attempt = ?", job)


def drop_fields(
    connection: sqlite3.Connection, request: Request, paths: tuple[str, ...]
) -> Waiting | None:
    """Convex does not take these fields; the update goes without them."""
    connection.execute(
        f"UPDATE outbox_updates SET body = json_remove(body{', ?' * len(paths)}) "  # noqa: S608
        "WHERE id = ? AND sequence = ?",
        (*(_json_path(path) for path in paths), request.update_id, request.update_sequence),
    )
    return waiting_for(connection, request.job_id)


def _json_path(path: str) -> str:
    return "$" + "".join(f".{json.dumps(key)}" for key in path.split("."))


def refuse(
    connection: sqlite3.Connection, request: Request, code: str, reason: str
) -> Waiting | None:
    """To the dead-letter; its segments stay, for the updates that follow.

    Where it was the job's end, a short one follows, so that no page waits for ever.
    """
    row = dead_letter.move_here(
        connection, request.update_id, request.update_sequence, code, reason
    )
    if row is not None and request.status.is_terminal and not _is_substitute(request):
        _put_substitute(connection, request, reason)
    return waiting_for(connection, request.job_id)


def _is_substitute(request: Request) -> bool:
    return request.body.get("errorCode") == NOT_DELIVERED


def _put_substitute(connection: sqlite3.Connection, request: Request, reason: str) -> None:
    job = (request.job_id, request.attempt)
    body = {
        "jobId": request.job_id,
        "attempt": request.attempt,
        "status": Status.FAILED,
        "error": f"The end of this job could not be delivered: {reason}"[:1_000],
        "errorCode": NOT_DELIVERED,
    }
    (sequence, segments_end) = connection.execute(
        "UPDATE outbox_jobs SET next_sequence = next_sequence + 1 "
        "WHERE job_id = ? AND attempt = ? RETURNING next_sequence - 1, segments_end",
        job,
    ).fetchone()
    connection.execute(
        "INSERT INTO outbox_updates (job_id, attempt, sequence, status, is_progress, body, "
        "segments_end, numbered_by, put_at) VALUES (?, ?, ?, ?, 0, ?, ?, ?, ?)",
        (*job, sequence, body["status"], to_json(body), segments_end, RUN, int(time.time())),
    )


def note_failure(
    connection: sqlite3.Connection,
    request: Request,
    reason: str,
    trouble: Trouble | None,
    seconds: float,
) -> Waiting | None:
    """Remembers why a try failed, and for how many seconds it has failed so.

    What was put meanwhile carries the failed update's trouble on, under a number not tried yet.
    """
    connection.execute(
        "UPDATE outbox_updates SET tries = tries + (sequence = ?5), last_error = ?1, "
        "trouble_tries = CASE WHEN trouble IS ?2 THEN trouble_tries + 1 ELSE 1 END, "
        "trouble_seconds = CASE WHEN trouble IS ?2 THEN trouble_seconds + ?3 ELSE 0 END, "
        "trouble = ?2 WHERE id = ?4",
        (reason, trouble, seconds, request.update_id, request.update_sequence),
    )
    return waiting_for(connection, request.job_id)


def remove(connection: sqlite3.Connection, request: Request, reason: str) -> None:
    """Convex has lost the job: keeps in the dead-letter what would rebuild it, drops the rest."""
    job_id = request.job_id
    rows = connection.execute(
        "DELETE FROM outbox_updates WHERE job_id = ? "
        "RETURNING id, job_id, attempt, sequence, status, body, segments_end",
        (job_id,),
    ).fetchall()
    attempt = max(int(row["attempt"]) for row in [*rows, {"attempt": request.attempt}])
    held = read_segments(connection, (job_id, attempt), 0, 1 << 62)
    segments = f"[{','.join(text for _, text in held)}]" if held else None
    ends = [
        row
        for row in rows
        if row["status"] in (Status.COMPLETED, Status.FAILED) and row["attempt"] == attempt
    ]
    if ends:
        _, *update = ends[0]
    else:
        numbered = connection.execute(
            "UPDATE outbox_jobs SET next_sequence = next_sequence + 1 "
            "WHERE job_id = ? AND attempt = ? RETURNING next_sequence - 1",
            (job_id, attempt),
        ).fetchone()
        if numbered is None:
            return  # it was purged meanwhile
        (sequence,) = numbered
        body = {"jobId": job_id, "attempt": attempt, "status": Status.PROCESSING}
        update = [job_id, attempt, sequence, body["status"], to_json(body), len(held)]
    if ends or segments is not None:
        dead_letter.add_update(connection, tuple(update), "job_removed", reason, segments=segments)
    connection.execute("DELETE FROM outbox_segments WHERE job_id = ?", (job_id,))
    connection.execute(
        "UPDATE outbox_jobs SET removed = ?, last_status = NULL WHERE job_id = ?",
        (int(time.time()), job_id),
    )


def drop_job(connection: sqlite3.Connection, job_id: str) -> int:
    """Deletes everything of a job but its dead letters; the number of updates that waited."""
    dropped = connection.execute("DELETE FROM outbox_updates WHERE job_id = ?", (job_id,)).rowcount
    connection.execute("DELETE FROM outbox_segments WHERE job_id = ?", (job_id,))
    connection.execute("DELETE FROM outbox_jobs WHERE job_id = ?", (job_id,))
    return dropped
