"""The queue's tables, and one write to them. What cannot be read is set aside on the way."""

import json
import logging
import sqlite3
from dataclasses import replace

import pydantic

from ..engines.base import TranscriptionOptions
from ..models import JobUpdate
from ..outbox import Outbox, PutResult
from . import reports
from .job import Job
from .view import JobView

COMPONENT = "queue"

MIGRATIONS = (
    """
    CREATE TABLE queue_jobs (
      job_id TEXT PRIMARY KEY,
      upload_id TEXT NOT NULL UNIQUE,
      state TEXT NOT NULL CHECK (state IN ('uploading', 'waiting', 'running', 'ended')),
      place INTEGER,              -- order in the queue, kept when a job is run again
      attempt INTEGER NOT NULL DEFAULT 1,
      crashes INTEGER NOT NULL DEFAULT 0,
      options TEXT NOT NULL DEFAULT '{}',
      view TEXT NOT NULL,         -- JobView as JSON
      ended_at INTEGER            -- epoch milliseconds
    );
    CREATE INDEX queue_jobs_by_state_and_place ON queue_jobs (state, place);
    """,
    """
    CREATE INDEX queue_jobs_by_place ON queue_jobs (place);
    CREATE TABLE queue_unreadable (
      job_id TEXT PRIMARY KEY,
      upload_id TEXT NOT NULL,
      row TEXT NOT NULL,          -- of queue_jobs, as JSON
      reason TEXT NOT NULL,
      set_aside_at INTEGER NOT NULL  -- epoch milliseconds
    );
    """,
)


_log = logging.getLogger("transcription_worker.queue")


class UnreadableRowError(Exception):
    """This version cannot read the row; `reason` holds nothing of what is in it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_job(row: sqlite3.Row) -> Job:
    """A row of `queue_jobs`. Raises `UnreadableRowError`, also for an id that Convex refuses."""
    try:
        return Job(
            job_id=row["job_id"],
            upload_id=row["upload_id"],
            state=row["state"],
            attempt=row["attempt"],
            crashes=row["crashes"],
            options=TranscriptionOptions(**json.loads(row["options"])),
            view=JobView.model_validate_json(row["view"]),
        )
    except pydantic.ValidationError as error:
        (first, *_) = error.errors(include_url=False, include_input=False, include_context=False)
        path = ".".join(str(part) for part in first["loc"])
        raise UnreadableRowError(f"view: {path}: {first['msg']}") from None
    except (TypeError, ValueError) as error:
        raise UnreadableRowError(f"options: {type(error).__name__}") from None


class Transaction:
    """One write of the store: rows as jobs, and what has to be told once it is durable."""

    def __init__(self, connection: sqlite3.Connection, outbox: Outbox, now: int) -> None:
        self._connection = connection
        self._outbox = outbox
        self._now = now
        self._puts: list[PutResult] = []
        self._set_aside: list[tuple[str, str]] = []

    def run(self, sql: str, *parameters: object) -> sqlite3.Cursor:
        """Executes a statement."""
        return self._connection.execute(sql, parameters)

    def job(self, where: str, *parameters: object) -> Job | None:
        """The first of `jobs`, if there is one."""
        return next(iter(self.jobs(where, *parameters)), None)

    def jobs(self, where: str, *parameters: object, at_most: int | None = None) -> list[Job]:
        """The jobs of these rows; those that cannot be read are set aside."""
        jobs: list[Job] = []
        rows = self.run(f"SELECT * FROM queue_jobs WHERE {where}", *parameters)  # noqa: S608
        unreadable: list[tuple[sqlite3.Row, str]] = []
        for row in rows:
            if len(jobs) == at_most:
                break
            try:
                jobs.append(read_job(row))
            except UnreadableRowError as error:
                unreadable.append((row, error.reason))
        rows.close()
        for row, reason in unreadable:
            self._put_aside(row, reason)
        return jobs

    def report(self, job: Job, update: JobUpdate, *, send: bool = True) -> Job:
        """Stores what the job is after the update; gives that."""
        if send:
            put = self._outbox.put_within(self._connection, update)
            self._puts.append(put)
            update = update.model_copy(update={"sequence": put.sequence})
        view = job.view.after(update, self._now)
        ended = update.status.is_terminal
        state = "ended" if ended else job.state
        self.run(
            "UPDATE queue_jobs SET view = ?, state = ?, ended_at = ? WHERE job_id = ?",
            *(view.model_dump_json(), state, self._now if ended else None, job.job_id),
        )
        return replace(job, view=view, state="ended" if ended else job.state)

    def tell(self) -> None:
        """Tells the outbox and the log, once all of it is durable."""
        for put in self._puts:
            self._outbox.was_put(put)
        for job_id, reason in self._set_aside:
            _log.error("job_unreadable", extra={"job_id": job_id, "reason": reason})

    def _put_aside(self, row: sqlite3.Row, reason: str) -> None:
        # Where nobody works on it; its file is kept as long as an ended job is.
        self.run(
            "INSERT OR REPLACE INTO queue_unreadable VALUES (?, ?, ?, ?, ?)",
            *(row["job_id"], row["upload_id"], json.dumps(dict(row)), reason, self._now),
        )
        self.run("DELETE FROM queue_jobs WHERE job_id = ?", row["job_id"])
        self._set_aside.append((row["job_id"], reason))
        if row["state"] in ("waiting", "running"):
            try:
                update = reports.unreadable(row["job_id"], row["attempt"])
            except pydantic.ValidationError:
                return  # Convex has no such job
            self._puts.append(self._outbox.put_within(self._connection, update))
