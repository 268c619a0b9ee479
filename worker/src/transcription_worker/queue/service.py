"""The job queue: runs whole uploads, a few at a time, and reports all that happens to them.

One task owns the queue's tasks, and only `stop` cancels it. What must follow a write happens in its
`after_commit`, so that it does not matter which await a cancelled caller had got to.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass

from ..engines.base import Engine, TranscriptionOptions
from ..errors import StorageError
from ..models import AudioInfo, JobUpdate, UpdateOutcome
from . import reports
from .files import UploadFiles
from .job import JOB_STATES, Job
from .run import AFTER_FAULT, FAULTS_PER_LINE, until_stored
from .runner import JobRunner, note_exception
from .sqlite_store import SqliteJobStore
from .view import now_ms

# Seconds that the tasks get to stop, then the database to take a note of it: less than the ten that
# most service managers leave a program.
_TASKS_GRACE = 3.5
_RELEASE_GRACE = 4.5
_DAY = 24 * 60 * 60

_log = logging.getLogger("transcription_worker.queue")


@dataclass(frozen=True, slots=True)
class QueueOptions:
    """How the queue works.

    `max_concurrent_jobs` run at once. `max_audio_seconds`: longer files fail. `sign_of_life`:
    seconds after which a job that has no news says that it is alive. `max_crashes`: a job that was
    running so often when the process died has failed, because it may be what kills it.
    `keep_ended_days`: how long an ended job can be asked for, and not be uploaded again.
    """

    max_concurrent_jobs: int = 1
    max_audio_seconds: float = 12 * 60 * 60
    sign_of_life: float = 10.0
    max_crashes: int = 3
    keep_ended_days: float = 7


class JobQueueService:
    """Runs the jobs of a store with an engine; `start` it once, `stop` it once."""

    def __init__(
        self, store: SqliteJobStore, engine: Engine, files: UploadFiles, options: QueueOptions
    ) -> None:
        self._store = store
        self._files = files
        self._options = options
        self._runner = JobRunner(store, engine, files, options.max_audio_seconds)
        self._tasks: asyncio.TaskGroup | None = None
        self._owner: asyncio.Task[None] | None = None
        self._is_stopping = False
        self._waiting_told_at = time.monotonic()

    @property
    def running(self) -> int:
        """How many jobs run now."""
        return len(self._runner.runs())

    @property
    def engine_seconds(self) -> float:
        """How long engines have worked since the start, outages aside."""
        return self._runner.engine_seconds + sum(run.engine_seconds for run in self._runner.runs())

    @property
    def audio_seconds(self) -> float:
        """How many seconds of sound they have transcribed in that time."""
        return self._runner.audio_seconds + sum(run.audio_seconds for run in self._runner.runs())

    @property
    def has_stubborn_engines(self) -> bool:
        """Whether an engine that was told to stop has not."""
        return bool(self._runner.stubborn)

    async def start(self) -> None:
        """Takes up what was left when the process ended, and begins to run jobs.

        Raises `StorageError` where the disk does not allow it.
        """
        await self._store_kept_ends()
        for job in await self._store.recover(self._files.stopped()):
            fields = {"job_id": job.job_id, "attempt": job.attempt, "crashes": job.crashes}
            _log.warning("job_runs_again", extra=fields)
            if job.crashes >= self._options.max_crashes:
                message = f"The worker stopped {job.crashes} times while it ran this job."
                await self._store.report(reports.failed(job, message, "worker_crashed"))
        self._files.forget_stopped()
        self._files.keep_only(await self._store.upload_ids())
        await self._store.report_waiting()
        self._waiting_told_at = time.monotonic()
        self._owner = asyncio.create_task(self._own(), name="job queue")

    async def stop(self) -> None:
        """Stops running jobs; they are run again, as their next attempt, after the next start.

        Returns within ten seconds, whatever the disk and the engine do.
        """
        self._is_stopping = True
        if self._owner is None:
            return
        self._owner.cancel()
        _, late = await asyncio.wait({self._owner}, timeout=_TASKS_GRACE)
        if late:
            _log.error("queue_does_not_stop")
        release = asyncio.create_task(self._release())
        release.add_done_callback(note_exception)
        await asyncio.wait({release}, timeout=_RELEASE_GRACE)
        if not release.done() or release.exception() is not None:
            _log.error("jobs_not_released", extra={"jobs": len(self._runner.interrupted)})
            for upload_id in self._runner.interrupted:
                with suppress(OSError):
                    self._files.note_stopped(upload_id)

    async def _release(self) -> None:
        with suppress(StorageError):
            await self._store_kept_ends()
        await self._store.release_running(self._runner.kept_ends)

    async def begin_upload(self, job_id: str, file_name: str | None) -> str:
        """Notes that a job's file is coming in; the answer is the upload's id.

        Raises `JobExistsError` where the job's file has come in whole before.
        """
        upload_id = uuid.uuid4().hex
        try:
            await self._store.begin_upload(job_id, upload_id, file_name)
        except asyncio.CancelledError:
            self._spawn(self.abandon_upload(upload_id))
            raise
        return upload_id

    async def abandon_upload(self, upload_id: str) -> None:
        """Forgets an upload that came to nothing, and its files, or logs why it cannot.

        Whatever made it come to nothing is what its sender is told, not this.
        """

        def forget(is_nobodys: bool) -> None:
            if is_nobodys:
                self._files.remove(upload_id)

        try:
            await self._store.abandon_upload(upload_id, forget)
        except Exception:  # noqa: BLE001 - the next upload of the job, or the next start, forgets it
            _log.exception("upload_not_abandoned", extra={"upload_id": upload_id})
            # On a full disk its file may be what takes the room.
            with suppress(Exception):
                forget(not await self._store.is_needed(upload_id))

    async def enqueue(
        self, upload_id: str, file_size: int, audio: AudioInfo, options: TranscriptionOptions
    ) -> bool:
        """Puts a job whose file is whole into the queue, and reports its place.

        False where another upload has taken this one's place, or the job was cancelled. An error
        means that it is not in the queue.
        """
        await asyncio.to_thread(self._files.sync, upload_id)
        job = await self._store.enqueue(
            upload_id, file_size, audio, options, lambda _: self._runner.wake()
        )
        return job is not None

    async def get(self, job_id: str) -> Job | None:
        """What is known of a job."""
        return await self._store.get(job_id)

    async def count_waiting(self) -> int:
        """How many jobs wait."""
        return await self._store.count_waiting()

    async def counts(self) -> dict[str, int]:
        """How many jobs there are in each state."""
        return dict.fromkeys(JOB_STATES, 0) | await self._store.count_by_state()

    async def cancel(self, job_id: str) -> Job | None:
        """Ends a job, wherever it is, and stops its engine. One that has ended stays as it is."""
        job = await self._store.get(job_id)
        if job is None:
            return None
        await self._store.report(reports.cancelled(job), self._was_cancelled)
        return await self._store.get(job_id)

    def on_outcome(self, job_id: str, outcome: UpdateOutcome) -> None:
        """Stops a job that has ended on Convex or runs on another worker; for the outbox."""
        if outcome.outcome in ("ignored", "stale"):
            self._spawn(self._compare(job_id, outcome))

    def on_removed(self, job_id: str) -> None:
        """Stops a job whose row is gone for good; for the outbox."""
        self._spawn(self._end_quietly(job_id))

    async def _compare(self, job_id: str, outcome: UpdateOutcome) -> None:
        job = await self._store.get(job_id)
        if job is not None and (outcome.outcome == "ignored" or outcome.attempt > job.attempt):
            await self._end_quietly(job_id)

    async def _end_quietly(self, job_id: str) -> None:
        """Ends a job of which Convex wants to hear no more."""
        self._runner.stop_job(job_id)

        async def end() -> None:
            job = await self._store.get(job_id)
            if job is not None:
                update = reports.cancelled(job)
                await self._store.report(update, self._was_cancelled, send=False)

        await until_stored(end, job_id)

    def _was_cancelled(self, job: Job | None) -> None:
        """`job` as it was when its cancel was stored; `None` where it had ended."""
        if job is not None:
            _log.info("job_cancelled", extra={"job_id": job.job_id, "attempt": job.attempt})
            self._runner.was_ended(job)

    async def _own(self) -> None:
        async with asyncio.TaskGroup() as self._tasks:
            for _ in range(self._options.max_concurrent_jobs):
                self._tasks.create_task(self._forever(self._runner.work))
            self._tasks.create_task(self._forever(self._signs_of_life))
            self._tasks.create_task(self._forever(self._forget_ended))

    async def _forever(self, step: Callable[[], Awaitable[None]]) -> None:
        faults = 0
        while not self._is_stopping:
            try:
                await step()
                faults = 0
            except Exception:  # noqa: BLE001 - a full disk must not end the queue for good
                if faults % FAULTS_PER_LINE == 0:
                    with suppress(Exception):  # the log's disk may be the one that is full
                        _log.exception("queue_step_failed", extra={"step": step.__name__})
                faults += 1
                if not self._is_stopping:
                    await asyncio.sleep(AFTER_FAULT)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        if self._tasks is None or self._is_stopping:
            work.close()
        else:
            self._tasks.create_task(_logging_faults(work))

    async def _store_kept_ends(self) -> None:
        for upload_id, end in self._files.kept_ends().items():
            try:
                await self._store.report(JobUpdate.model_validate_json(end))
            except ValueError:
                _log.error("job_end_unreadable", extra={"upload_id": upload_id})
                self._files.remove_end(upload_id)
            else:
                self._files.remove(upload_id)

    async def _signs_of_life(self) -> None:
        await asyncio.sleep(self._next_sign_at() - time.monotonic())
        await self._give_signs(time.monotonic())

    def _next_sign_at(self) -> float:
        """When some job will have been silent for long; those that wait speak together."""
        times = (run.reported_at for run in self._runner.runs())
        return min([self._waiting_told_at, *times]) + self._options.sign_of_life

    async def _give_signs(self, now: float) -> None:
        silent_since = now - self._options.sign_of_life
        if self._waiting_told_at <= silent_since:
            await self._store.report_waiting()
            self._waiting_told_at = now
        for run in self._runner.runs():
            if run.reported_at <= silent_since:
                await run.repeat_last_report()

    async def _forget_ended(self) -> None:
        before = now_ms() - int(self._options.keep_ended_days * _DAY * 1000)
        for upload_id in await self._store.forget_ended(before):
            self._files.remove(upload_id)
        await asyncio.sleep(_DAY)


async def _logging_faults(work: Coroutine[None, None, None]) -> None:
    try:
        await work
    except Exception:  # noqa: BLE001 - one job's fault must not end the queue
        with suppress(Exception):
            _log.exception("queue_step_failed", extra={"step": str(work)})
