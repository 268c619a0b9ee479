"""The queue in the worker's SQLite file, beside the outbox."""

import json
import sqlite3
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, replace
from typing import Self, TypeVar

from ..database import Database
from ..engines.base import TranscriptionOptions
from ..models import AudioInfo, JobUpdate, Status
from ..outbox import Outbox
from . import reports
from .job import Job, JobExistsError
from .rows import COMPONENT, MIGRATIONS, Transaction, UnreadableRowError, read_job
from .view import JobView, now_ms

T = TypeVar("T")

_NEEDED = "SELECT 1 FROM queue_jobs WHERE upload_id = ? AND state IN ('waiting', 'running')"
_NEXT_PLACE = "(SELECT COALESCE(MAX(place), 0) + 1 FROM queue_jobs)"
# A run that was told to nobody is not another attempt.
_NEXT_ATTEMPT = (
    "attempt + (json_extract(view, '$.status') != 'pending'"
    " AND json_extract(view, '$.attempt') = attempt)"
)


class SqliteJobStore:
    """The queue's jobs and what has been reported of them, durable when a method returns.

    A job is uploading, then waiting, then running, then ended. A reported update goes to the outbox
    in the transaction that changes the job, so that neither is ever there without the other. A row
    that cannot be read is set aside with a log line, and its job has failed.

    A caller that is cancelled meanwhile has written all the same: what has to follow a write is its
    `after_commit`, which is called with the answer whenever the write is durable. All methods
    raise `StorageError` where the file cannot be read or written.
    """

    def __init__(
        self, database: Database, outbox: Outbox, clock: Callable[[], int] = now_ms
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._clock = clock

    @classmethod
    async def open(
        cls, database: Database, outbox: Outbox, clock: Callable[[], int] = now_ms
    ) -> Self:
        """Makes the tables where they are missing. `clock` gives epoch milliseconds."""
        await database.migrate(COMPONENT, MIGRATIONS)
        return cls(database, outbox, clock)

    async def begin_upload(self, job_id: str, upload_id: str, file_name: str | None) -> None:
        """Notes that this job's file is coming in.

        An upload that is under way for the same job loses its place. Raises `JobExistsError` where
        the job's file has come in whole before, `ValueError` for an id that Convex refuses.
        """
        now = self._clock()
        view = JobView(
            job_id=job_id, stage="uploading", file_name=file_name, created_at=now, updated_at=now
        )

        def begin(transaction: Transaction) -> bool:
            transaction.run(
                "DELETE FROM queue_jobs WHERE job_id = ? AND state = 'uploading'", job_id
            )
            inserted = transaction.run(
                "INSERT INTO queue_jobs (job_id, upload_id, state, view)"
                " VALUES (?, ?, 'uploading', ?) ON CONFLICT (job_id) DO NOTHING",
                *(job_id, upload_id, view.model_dump_json()),
            )
            return inserted.rowcount > 0

        if not await self._write(begin):
            raise JobExistsError(job_id)

    async def abandon_upload(
        self, upload_id: str, after_commit: Callable[[bool], None] | None = None
    ) -> bool:
        """Forgets an upload that came to nothing; the job may be uploaded again.

        The answer is whether nobody needs its files.
        """

        def abandon(transaction: Transaction) -> bool:
            transaction.run(
                "DELETE FROM queue_jobs WHERE upload_id = ? AND state = 'uploading'", upload_id
            )
            return not transaction.run(_NEEDED, upload_id).fetchall()

        return await self._write(abandon, after_commit)

    async def is_needed(self, upload_id: str) -> bool:
        """Whether a job that waits or runs has these files."""
        return await self._database.fetch_one(_NEEDED, (upload_id,)) is not None

    async def enqueue(
        self,
        upload_id: str,
        file_size: int,
        audio: AudioInfo,
        options: TranscriptionOptions,
        after_commit: Callable[[Job | None], None] | None = None,
    ) -> Job | None:
        """Puts a job whose file is whole at the end of the queue, and reports its place.

        `None` where another upload has taken this one's place, or the job was cancelled.
        """

        def enqueue(transaction: Transaction) -> Job | None:
            job = transaction.job("upload_id = ? AND state = 'uploading'", upload_id)
            if job is None:
                return None
            view = job.view.model_copy(
                update={"stage": None, "file_size": file_size, "audio_info": audio}
            )
            transaction.run(
                f"UPDATE queue_jobs SET state = 'waiting', place = {_NEXT_PLACE}, options = ?"  # noqa: S608
                " WHERE job_id = ?",
                *(json.dumps(asdict(options)), job.job_id),
            )
            (place,) = transaction.run(
                "SELECT COUNT(*) FROM queue_jobs WHERE state = 'waiting'"
            ).fetchone()
            job = replace(job, state="waiting", options=options, view=view)
            return transaction.report(job, reports.waiting(job, place))

        return await self._write(enqueue, after_commit)

    async def claim(self) -> Job | None:
        """Takes the job at the head of the queue to run it; `None` where none waits."""

        def claim(transaction: Transaction) -> Job | None:
            for job in transaction.jobs("state = 'waiting' ORDER BY place", at_most=1):
                transaction.run(
                    "UPDATE queue_jobs SET state = 'running' WHERE job_id = ?", job.job_id
                )
                return replace(job, state="running")
            return None

        return await self._write(claim)

    async def report(
        self,
        update: JobUpdate,
        after_commit: Callable[[Job | None], None] | None = None,
        *,
        send: bool = True,
    ) -> Job | None:
        """Records an update and, unless Convex knows already, sends it; a terminal status ends
        the job.

        The answer is the job as it was. `None`, and nothing is done, where the job has ended or
        this is not its attempt.
        """

        def report(transaction: Transaction) -> Job | None:
            job = transaction.job("job_id = ?", update.job_id)
            if job is None or job.state == "ended" or job.attempt != update.attempt:
                return None
            if update.status is Status.PENDING and job.state != "waiting":
                return None
            transaction.report(job, update, send=send)
            return job

        return await self._write(report, after_commit)

    async def report_waiting(self) -> int:
        """Reports every job that waits, with its place, in one transaction; how many there are."""

        def report(transaction: Transaction) -> int:
            place = 0
            for place, job in enumerate(transaction.jobs("state = 'waiting' ORDER BY place"), 1):
                transaction.report(job, reports.waiting(job, place))
            return place

        return await self._write(report)

    async def release_running(self, but: Collection[str] = ()) -> None:
        """Puts all running jobs back to the head of the queue, for their next attempt.

        `but`: uploads whose job has come to its end, which is stored later.
        """
        await self._write(
            lambda transaction: transaction.run(
                f"UPDATE queue_jobs SET state = 'waiting', attempt = {_NEXT_ATTEMPT}"  # noqa: S608
                " WHERE state = 'running' AND upload_id NOT IN (SELECT value FROM json_each(?))",
                json.dumps(list(but)),
            )
        )

    async def recover(self, stopped: Collection[str] = ()) -> Sequence[Job]:
        """After a start: releases what was running when the process died, forgets uploads.

        `stopped`: uploads whose run did not die but was stopped. The answer is the jobs that were
        running, with their next attempt.
        """

        def recover(transaction: Transaction) -> list[Job]:
            transaction.run("DELETE FROM queue_jobs WHERE state = 'uploading'")
            running = [job.job_id for job in transaction.jobs("TRUE") if job.state == "running"]
            transaction.run(
                f"UPDATE queue_jobs SET state = 'waiting', attempt = {_NEXT_ATTEMPT}, crashes ="  # noqa: S608
                " crashes + (upload_id NOT IN (SELECT value FROM json_each(?)))"
                " WHERE state = 'running'",
                json.dumps(list(stopped)),
            )
            ids = json.dumps(running)
            return transaction.jobs("job_id IN (SELECT value FROM json_each(?))", ids)

        return await self._write(recover)

    async def upload_ids(self) -> set[str]:
        """The uploads whose files are kept: of jobs that wait, run or could not be read."""
        rows = await self._database.fetch_all(
            "SELECT upload_id FROM queue_jobs WHERE state IN ('waiting', 'running')"
            " UNION ALL SELECT upload_id FROM queue_unreadable"
        )
        return {row[0] for row in rows}

    async def waiting(self) -> Sequence[Job]:
        """The jobs that wait, the next to run first."""
        return await self._write(
            lambda transaction: transaction.jobs("state = 'waiting' ORDER BY place")
        )

    async def count_waiting(self) -> int:
        """How many jobs wait."""
        return (await self.count_by_state()).get("waiting", 0)

    async def count_by_state(self) -> dict[str, int]:
        """How many jobs there are, by state; states that no job has are left out."""
        rows = await self._database.fetch_all(
            "SELECT state, COUNT(*) FROM queue_jobs GROUP BY state"
        )
        return {row[0]: row[1] for row in rows}

    async def get(self, job_id: str) -> Job | None:
        """What is known of a job; `None` where nothing is, or where it cannot be read."""
        row = await self._database.fetch_one("SELECT * FROM queue_jobs WHERE job_id = ?", (job_id,))
        try:
            return None if row is None else read_job(row)
        except UnreadableRowError:
            return await self._write(lambda transaction: transaction.job("job_id = ?", job_id))

    async def forget_ended(self, before: int) -> Sequence[str]:
        """Deletes jobs that ended, or were set aside, before this time, in epoch milliseconds.

        The answer is the uploads whose files nobody needs any more.
        """

        def forget(transaction: Transaction) -> list[str]:
            transaction.run("DELETE FROM queue_jobs WHERE ended_at < ?", before)
            forgotten = transaction.run(
                "DELETE FROM queue_unreadable WHERE set_aside_at < ? RETURNING upload_id", before
            )
            return [row[0] for row in forgotten.fetchall()]

        return await self._write(forget)

    async def _write(
        self,
        work: Callable[[Transaction], T],
        after_commit: Callable[[T], None] | None = None,
    ) -> T:
        def run(connection: sqlite3.Connection) -> tuple[T, Transaction]:
            transaction = Transaction(connection, self._outbox, self._clock())
            return work(transaction), transaction

        def committed(outcome: tuple[T, Transaction]) -> None:
            result, transaction = outcome
            try:
                transaction.tell()
            finally:
                if after_commit is not None:
                    after_commit(result)

        result, _ = await self._database.write(run, committed)
        return result
