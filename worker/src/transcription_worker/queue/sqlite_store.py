"""The queue in the worker's SQLite file, beside the outbox."""

import json
import sqlite3
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Self

from ..database import Database
from ..engines.base import TranscriptionOptions
from ..models import AudioInfo, JobUpdate, Status
from ..outbox import Outbox, PutResult
from .job import Job, JobExistsError
from .view import JobView, now_ms

_MIGRATIONS = (
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
)

_NEXT_PLACE = "(SELECT COALESCE(MAX(place), 0) + 1 FROM queue_jobs)"


class SqliteJobStore:
    """A `JobStore`; a report and its `put` are one SQLite transaction."""

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
        """Makes the table where it is missing. `clock` gives epoch milliseconds."""
        await database.migrate("queue", _MIGRATIONS)
        return cls(database, outbox, clock)

    async def begin_upload(self, job_id: str, file_name: str | None) -> str:
        """See `JobStore.begin_upload`."""
        upload_id, now = uuid.uuid4().hex, self._clock()
        view = JobView(
            job_id=job_id, stage="uploading", file_name=file_name, created_at=now, updated_at=now
        )

        def begin(connection: sqlite3.Connection) -> int:
            connection.execute(
                "DELETE FROM queue_jobs WHERE job_id = ? AND state = 'uploading'", (job_id,)
            )
            return connection.execute(
                "INSERT INTO queue_jobs (job_id, upload_id, state, view)"
                " VALUES (?, ?, 'uploading', ?) ON CONFLICT (job_id) DO NOTHING",
                (job_id, upload_id, view.model_dump_json()),
            ).rowcount

        if await self._database.write(begin) == 0:
            raise JobExistsError(job_id)
        return upload_id

    async def abandon_upload(self, upload_id: str) -> bool:
        """See `JobStore.abandon_upload`."""

        def abandon(connection: sqlite3.Connection) -> bool:
            connection.execute(
                "DELETE FROM queue_jobs WHERE upload_id = ? AND state = 'uploading'", (upload_id,)
            )
            needed = connection.execute(
                "SELECT 1 FROM queue_jobs WHERE upload_id = ? AND state != 'ended'", (upload_id,)
            )
            return needed.fetchone() is None

        return await self._database.write(abandon)

    async def enqueue(
        self, upload_id: str, file_size: int, audio: AudioInfo, options: TranscriptionOptions
    ) -> Job | None:
        """See `JobStore.enqueue`."""

        def enqueue(connection: sqlite3.Connection) -> Job | None:
            row = connection.execute(
                "SELECT view FROM queue_jobs WHERE upload_id = ? AND state = 'uploading'",
                (upload_id,),
            ).fetchone()
            if row is None:
                return None
            view = JobView.model_validate_json(row["view"]).model_copy(
                update={"stage": None, "file_size": file_size, "audio_info": audio}
            )
            changed = connection.execute(
                f"UPDATE queue_jobs SET state = 'waiting', place = {_NEXT_PLACE},"  # noqa: S608
                " options = ?, view = ? WHERE upload_id = ? RETURNING *",
                (json.dumps(asdict(options)), view.model_dump_json(), upload_id),
            )
            return _job(changed.fetchone())

        return await self._database.write(enqueue)

    async def claim(self) -> Job | None:
        """See `JobStore.claim`."""
        rows = await self._write(
            "UPDATE queue_jobs SET state = 'running' WHERE job_id = (SELECT job_id FROM queue_jobs"
            " WHERE state = 'waiting' ORDER BY place LIMIT 1) RETURNING *"
        )
        return _job(rows[0]) if rows else None

    async def report(self, update: JobUpdate) -> bool:
        """See `JobStore.report`."""

        def report(connection: sqlite3.Connection) -> PutResult | None:
            row = connection.execute(
                "SELECT * FROM queue_jobs WHERE job_id = ?", (update.job_id,)
            ).fetchone()
            if row is None or row["state"] == "ended" or row["attempt"] != update.attempt:
                return None
            if update.status is Status.PENDING and row["state"] != "waiting":
                return None
            put = self._outbox.put_within(connection, update)
            now = self._clock()
            view = _job(row).view.after(update, put.sequence, now)
            ended = update.status.is_terminal
            connection.execute(
                "UPDATE queue_jobs SET view = ?, state = ?, ended_at = ? WHERE job_id = ?",
                (
                    view.model_dump_json(),
                    "ended" if ended else row["state"],
                    now if ended else None,
                    update.job_id,
                ),
            )
            return put

        def tell(put: PutResult | None) -> None:
            if put is not None:
                self._outbox.was_put(put)

        return await self._database.write(report, after_commit=tell) is not None

    async def release(self, job_id: str) -> None:
        """See `JobStore.release`."""
        await self._write(
            "UPDATE queue_jobs SET state = 'waiting', attempt = attempt + 1"
            " WHERE job_id = ? AND state = 'running'",
            (job_id,),
        )

    async def recover(self) -> Sequence[Job]:
        """See `JobStore.recover`."""

        def recover(connection: sqlite3.Connection) -> list[sqlite3.Row]:
            connection.execute("DELETE FROM queue_jobs WHERE state = 'uploading'")
            return connection.execute(
                "UPDATE queue_jobs SET state = 'waiting', attempt = attempt + 1,"
                " crashes = crashes + 1 WHERE state = 'running' RETURNING *"
            ).fetchall()

        return [_job(row) for row in await self._database.write(recover)]

    async def waiting(self) -> Sequence[Job]:
        """See `JobStore.waiting`."""
        rows = await self._database.fetch_all(
            "SELECT * FROM queue_jobs WHERE state = 'waiting' ORDER BY place"
        )
        return [_job(row) for row in rows]

    async def count_waiting(self) -> int:
        """See `JobStore.count_waiting`."""
        row = await self._database.fetch_one(
            "SELECT COUNT(*) FROM queue_jobs WHERE state = 'waiting'"
        )
        return int(row[0]) if row else 0

    async def count_by_state(self) -> dict[str, int]:
        """See `JobStore.count_by_state`."""
        rows = await self._database.fetch_all(
            "SELECT state, COUNT(*) FROM queue_jobs GROUP BY state"
        )
        return {row[0]: row[1] for row in rows}

    async def get(self, job_id: str) -> Job | None:
        """See `JobStore.get`."""
        row = await self._database.fetch_one("SELECT * FROM queue_jobs WHERE job_id = ?", (job_id,))
        return None if row is None else _job(row)

    async def forget_ended(self, before: int) -> None:
        """See `JobStore.forget_ended`."""
        await self._write("DELETE FROM queue_jobs WHERE ended_at < ?", (before,))

    async def _write(self, sql: str, parameters: Sequence[object] = ()) -> list[sqlite3.Row]:
        return await self._database.write(
            lambda connection: connection.execute(sql, parameters).fetchall()
        )


def _job(row: sqlite3.Row) -> Job:
    return Job(
        job_id=row["job_id"],
        upload_id=row["upload_id"],
        state=row["state"],
        attempt=row["attempt"],
        crashes=row["crashes"],
        options=TranscriptionOptions(**json.loads(row["options"])),
        view=JobView.model_validate_json(row["view"]),
    )
