"""What is sent next for a job; called within a transaction."""

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from ..models import Status
from .fit import fit_result
from .prepare import to_json
from .segments import JobKey, first_held, read_segments
from .store import RUN
from .verdict import Trouble

# Bytes for the punctuation around segments and for numbers of any length.
_ENVELOPE_BYTES = 128


@dataclass(frozen=True, slots=True)
class Request:
    """One update as it goes over the wire, made from the waiting one with this id and number.

    `body` is that one's, `content` what is sent. `confirmed` is how many segments Convex has once
    it is accepted, `segments` how many are in it. `is_piece`: segments that do not fit into the
    update's own request go before it, under the number `sequence`. `is_new`: the number was given
    by this run of the worker and never sent. `trouble`, `trouble_tries` and `trouble_seconds` tell
    of the failures in a row.
    """

    update_id: int
    update_sequence: int
    job_id: str
    attempt: int
    sequence: int
    status: Status
    progress: float | None
    body: dict[str, Any]
    content: bytes
    confirmed: int
    segments: int
    is_piece: bool
    is_new: bool
    tries: int
    was_known: bool
    trouble: Trouble | None
    trouble_tries: int
    trouble_seconds: float

    @property
    def ends(self) -> bool:
        """Whether the job has ended once it is accepted."""
        return self.status.is_terminal and not self.is_piece


def next_request(connection: sqlite3.Connection, job_id: str, request_bytes: int) -> Request | None:
    """The request for the update that has waited longest; `None` where none waits."""
    row = connection.execute(
        "SELECT updates.*, jobs.confirmed, jobs.has_gap, "
        "(SELECT max(accepted) FROM outbox_jobs WHERE job_id = ?1) AS was_known "
        "FROM outbox_updates AS updates JOIN outbox_jobs AS jobs USING (job_id, attempt) "
        "WHERE job_id = ?1 ORDER BY id LIMIT 1",
        (job_id,),
    ).fetchone()
    if row is None:
        return None
    job: JobKey = (row["job_id"], row["attempt"])
    body, segments_end = fit_result(
        connection, job, json.loads(row["body"]), row["segments_end"], request_bytes
    )
    if segments_end != row["segments_end"]:
        connection.execute(
            "UPDATE outbox_updates SET body = ?, segments_end = ? WHERE id = ?",
            (to_json(body), segments_end, row["id"]),
        )
    content = to_json(body)
    sequence = update_sequence = int(row["sequence"])
    items: list[str] = []
    is_whole = True
    confirmed = int(row["confirmed"])
    if "segments" in body.get("result", {}):
        confirmed = max(confirmed, segments_end)  # they take the place of live ones
    elif not row["has_gap"]:
        if Status(row["status"]).is_terminal:
            # Nothing will fill a gap any more. This file may be new, and Convex have what it lacks.
            confirmed = first_held(connection, job, confirmed) or confirmed
        held = read_segments(connection, job, confirmed, segments_end, request_bytes)
        pending = [text for _, text in held]
        items = _fitting(pending, request_bytes - _bytes(content))
        is_whole = len(items) == len(pending)
        if not is_whole:
            content = to_json(_piece_of(body))
            items = _fitting(pending, request_bytes - _bytes(content))
            sequence = number_again(connection, job, room_for=1)
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
        body=body,
        content=f'{content[:-1]},"sequence":{sequence}{segments}}}'.encode(),
        confirmed=confirmed + len(items),
        segments=len(items),
        is_piece=not is_whole,
        is_new=row["numbered_by"] == RUN and row["tries"] == 0,
        tries=row["tries"],
        was_known=bool(row["was_known"]),
        trouble=None if row["trouble"] is None else Trouble(row["trouble"]),
        trouble_tries=row["trouble_tries"],
        trouble_seconds=row["trouble_seconds"],
    )


def _bytes(body: str) -> int:
    return len(body.encode()) + _ENVELOPE_BYTES


def _fitting(pending: list[str], budget: int) -> list[str]:
    """The first of the segments that fit into the budget of bytes, at least one."""
    for count, item in enumerate(pending):
        budget -= len(item.encode()) + 1
        if count and budget < 0:
            return pending[:count]
    return pending


def _piece_of(body: dict[str, Any]) -> dict[str, Any]:
    """The body of a request for segments alone: nothing in it must run ahead of the update."""
    keys = {"jobId", "attempt", "userId", "status"}
    status = Status(body["status"])
    if not status.is_terminal:
        keys |= {"stage", "message", "estimatedTimeRemaining"}
    piece = {key: value for key, value in body.items() if key in keys}
    return piece | {"status": Status.PROCESSING if status.is_terminal else status}


def number_again(
    connection: sqlite3.Connection, job: JobKey, *, room_for: int = 0, above: int = 0
) -> int:
    """Gives all updates that wait new numbers, in their order, behind `room_for` free ones.

    A number once sent must never go out with other content: the server takes it for a duplicate.
    Returns the first of the free numbers.
    """
    (next_sequence,) = connection.execute(
        "SELECT next_sequence FROM outbox_jobs WHERE job_id = ? AND attempt = ?", job
    ).fetchone()
    first: int = max(next_sequence, above + 1)
    waiting = connection.execute(
        "SELECT id FROM outbox_updates WHERE job_id = ? AND attempt = ? ORDER BY id", job
    ).fetchall()
    for number, (update_id,) in enumerate(waiting, first + room_for):
        connection.execute(
            "UPDATE outbox_updates SET sequence = ?, numbered_by = ? WHERE id = ?",
            (number, RUN, update_id),
        )
    connection.execute(
        "UPDATE outbox_jobs SET next_sequence = ? WHERE job_id = ? AND attempt = ?",
        (first + room_for + len(waiting), *job),
    )
    return first
