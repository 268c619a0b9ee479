"""The job queue: runs whole uploads, a few at a time, and reports all that happens to them."""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass

from ..engines.base import Engine, TranscriptionOptions
from ..errors import StorageError
from ..models import AudioInfo, JobUpdate, UpdateOutcome
from . import reports
from .files import UploadFiles
from .job import JOB_STATES, Job
from .run import JobEndedError, JobRun
from .store import JobStore
from .view import now_ms

# Seconds of rest after the database has not taken something: a full disk is not empty at once.
_AFTER_FAULT = 2.0
_DAY = 24 * 60 * 60


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
    max_crashes: int = 50
    keep_ended_days: float = 7


class JobQueueService:
    """Runs the jobs of a store with an engine; `start` it once, `stop` it once.

    Since then engines have worked `engine_seconds` on `audio_seconds` of sound.
    """

    engine_seconds: float = 0.0
    audio_seconds: float = 0.0

    def __init__(
        self, store: JobStore, engine: Engine, files: UploadFiles, options: QueueOptions
    ) -> None:
        self._store = store
        self._engine = engine
        self._files = files
        self._options = options
        self._log = logging.getLogger("transcription_worker.queue")
        self._work_waits = asyncio.Event()
        self._runs: dict[str, JobRun] = {}
        self._tasks: dict[str, asyncio.Task[JobUpdate]] = {}
        self._stopped = False
        self._background: set[asyncio.Task[object]] = set()

    @property
    def running(self) -> int:
        """How many jobs run now."""
        return len(self._tasks)

    async def start(self) -> None:
        """Takes up what was left when the process ended, and begins to run jobs."""
        for job in await self._store.recover():
            self._log.warning(
                "job_runs_again", extra={"job_id": job.job_id, "attempt": job.attempt}
            )
            if job.crashes >= self._options.max_crashes:
                message = f"The worker stopped {job.crashes} times while it ran this job."
                await self._store.report(reports.failed(job, message, "worker_crashed"))
        self._files.keep_only({job.upload_id for job in await self._store.waiting()})
        await self._signs_of_life()
        for _ in range(self._options.max_concurrent_jobs):
            self._spawn(self._forever(self._work, pause=0))
        self._spawn(self._forever(self._signs_of_life, pause=self._options.sign_of_life))
        self._spawn(self._forever(self._forget_ended, pause=_DAY))

    async def stop(self) -> None:
        """Stops running jobs; they are run again, as their next attempt, after the next start."""
        self._stopped = True
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)

    async def begin_upload(self, job_id: str, file_name: str | None) -> str:
        """Notes that a job's file is coming in; the answer is the upload's id.

        Raises `JobExistsError` where the job's file has come in whole before.
        """
        return await self._store.begin_upload(job_id, file_name)

    async def abandon_upload(self, upload_id: str) -> None:
        """Forgets an upload that came to nothing, and its files."""
        if await self._store.abandon_upload(upload_id):
            self._files.remove(upload_id)

    async def enqueue(
        self, upload_id: str, file_size: int, audio: AudioInfo, options: TranscriptionOptions
    ) -> bool:
        """Puts a job whose file is whole into the queue.

        False where another upload has taken this one's place, or the job was cancelled.
        """
        await asyncio.to_thread(self._files.sync, upload_id)
        job = await self._store.enqueue(upload_id, file_size, audio, options)
        if job is None:
            return False
        for place, other in enumerate(await self._store.waiting(), start=1):
            if other.job_id == job.job_id:
                await self._store.report(reports.waiting(job, place))
        self._work_waits.set()
        return True

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
        if job is not None and await self._store.report(reports.cancelled(job)):
            self._log.info("job_cancelled", extra={"job_id": job_id, "attempt": job.attempt})
            if (task := self._tasks.get(job_id)) is not None:
                task.cancel()
            elif job.state == "waiting":
                self._files.remove(job.upload_id)
        return await self._store.get(job_id)

    def on_outcome(self, job_id: str, outcome: UpdateOutcome) -> None:
        """Stops a job that has ended on Convex or runs on another worker; for the outbox."""
        if outcome.outcome in ("ignored", "stale") and not self._stopped:
            self._spawn(self._compare(job_id, outcome))

    def on_removed(self, job_id: str) -> None:
        """Stops a job whose row is gone; for the outbox."""
        if not self._stopped:
            self._spawn(self.cancel(job_id))

    async def _compare(self, job_id: str, outcome: UpdateOutcome) -> None:
        job = await self._store.get(job_id)
        if job is not None and (outcome.outcome == "ignored" or outcome.attempt > job.attempt):
            await self.cancel(job_id)

    async def _work(self) -> None:
        self._work_waits.clear()
        job = await self._store.claim()
        if job is None:
            await self._work_waits.wait()
        else:
            # There may be more: one that came together with this one woke nobody else.
            self._work_waits.set()
            await self._process_job(job)

    async def _process_job(self, job: Job) -> None:
        """Runs one job to its end: pending, processing, progress, completed or failed."""
        run = JobRun(
            job, self._engine, self._files, self._options.max_audio_seconds, self._store.report
        )
        task = asyncio.create_task(run.execute())
        self._runs[job.job_id], self._tasks[job.job_id] = run, task
        self._log.info("job_started", extra={"job_id": job.job_id, "attempt": job.attempt})
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait([task])
            await self._store.release(job.job_id)
            raise
        finally:
            del self._runs[job.job_id], self._tasks[job.job_id]
        if not task.cancelled():
            await self._end(job, task)
        self._files.remove(job.upload_id)

    async def _end(self, job: Job, task: asyncio.Task[JobUpdate]) -> None:
        error = task.exception()
        if isinstance(error, JobEndedError):
            return
        if error is not None:
            self._log.error("job_crashed", exc_info=error, extra={"job_id": job.job_id})
            message = "The worker made a mistake; its log says which."
            update = reports.failed(job, message, "worker_error")
        else:
            update = task.result()
        while True:
            try:
                await self._store.report(update)
            except (sqlite3.Error, StorageError):
                self._log.exception("job_end_not_stored", extra={"job_id": job.job_id})
                await asyncio.sleep(_AFTER_FAULT)
            else:
                self._log.info(
                    "job_ended", extra={"job_id": job.job_id, "status": update.status.value}
                )
                return

    async def _signs_of_life(self) -> None:
        for place, job in enumerate(await self._store.waiting(), start=1):
            await self._store.report(reports.waiting(job, place))
        for run in list(self._runs.values()):
            await run.repeat_last_report(self._options.sign_of_life)

    async def _forget_ended(self) -> None:
        await self._store.forget_ended(now_ms() - int(self._options.keep_ended_days * _DAY * 1000))

    async def _forever(self, step: Callable[[], Awaitable[None]], pause: float) -> None:
        while True:
            try:
                await step()
            except Exception:  # noqa: BLE001 - a full disk must not end the queue for good
                self._log.exception("queue_step_failed", extra={"step": step.__name__})
                await asyncio.sleep(_AFTER_FAULT)
            await asyncio.sleep(pause)

    def _spawn(self, work: Coroutine[None, None, object]) -> None:
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
