"""What runs the jobs that wait: one at each of its places, from the claim to the stored end."""

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Any

from ..engines.base import Engine
from ..errors import StorageError
from ..models import JobUpdate
from . import reports
from .files import UploadFiles
from .job import Job
from .run import JobEndedError, JobRun, until_stored
from .sqlite_store import SqliteJobStore

# Seconds that an engine gets to stop.
_ENGINE_GRACE = 2.5
_MISTAKE = "The worker made a mistake; its log says which."

_log = logging.getLogger("transcription_worker.queue")


@dataclass(slots=True, eq=False)
class _Running:
    """`stop` tells the engine to; `is_over`: the job's end, a cancel, is stored."""

    run: JobRun
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    is_over: bool = False


class JobRunner:
    """Runs jobs at as many places as tasks call `work` again and again.

    Engines have worked `engine_seconds` on `audio_seconds` of sound. `interrupted`: uploads whose
    run was cut short by a stop; `kept_ends`: those whose job's end is in its file, not yet in the
    database; `stubborn`: runs whose engine does not stop.
    """

    def __init__(
        self, store: SqliteJobStore, engine: Engine, files: UploadFiles, max_audio_seconds: float
    ) -> None:
        self.engine_seconds = 0.0
        self.audio_seconds = 0.0
        self.interrupted: set[str] = set()
        self.kept_ends: set[str] = set()
        self.stubborn: set[asyncio.Task[JobUpdate]] = set()
        self._store = store
        self._engine = engine
        self._files = files
        self._max_audio_seconds = max_audio_seconds
        self._may_claim = asyncio.Event()
        self._running: dict[str, _Running] = {}
        self._outages: set[_Running] = set()

    def runs(self) -> list[JobRun]:
        """What runs now."""
        return [running.run for running in self._running.values()]

    def wake(self) -> None:
        """A job waits that may not have waited before."""
        self._may_claim.set()

    def stop_job(self, job_id: str) -> None:
        """Stops the job's engine, where it runs; whoever calls this stores the job's end."""
        if (running := self._running.get(job_id)) is not None:
            running.stop.set()

    def was_ended(self, job: Job) -> None:
        """Somebody else has stored the job's end; `job` as it was before."""
        if (running := self._running.get(job.job_id)) is not None:
            running.is_over = True
            running.stop.set()
        elif job.state != "uploading":  # whose receiver abandons it, file and all
            self._files.remove(job.upload_id)

    async def work(self) -> None:
        """Runs one job, or waits until one may be claimed."""
        self._may_claim.clear()
        job = None if self._outages else await self._store.claim()
        if job is None:
            await self._may_claim.wait()
        else:
            # There may be more: one that came together with this one woke nobody else.
            self._may_claim.set()
            await self._process_job(job)

    async def _process_job(self, job: Job) -> None:
        """Runs one job to its end: processing, progress, completed or failed."""
        run = JobRun(
            job,
            self._engine,
            self._files,
            self._max_audio_seconds,
            self._store.report,
            lambda is_outage: self._note_outage(job.job_id, running, is_outage=is_outage),
        )
        running = self._running[job.job_id] = _Running(run)
        _log.info("job_started", extra={"job_id": job.job_id, "attempt": job.attempt})
        task = asyncio.create_task(run.execute(), name=f"job {job.job_id}")
        stop = asyncio.create_task(running.stop.wait())
        try:
            await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await self._stop_run(task, job)
            if task.done() and _error_of(task) is None:  # it came to its end just then
                self._end_of(job, task.result()).keep()
            else:
                self.interrupted.add(job.upload_id)
            raise
        finally:
            stop.cancel()
            await self._stop_run(task, job)
            self._note_outage(job.job_id, running, is_outage=False)
            del self._running[job.job_id]
            self.engine_seconds += run.engine_seconds
            self.audio_seconds += run.audio_seconds
        if running.is_over or (task.done() and isinstance(_error_of(task), JobEndedError)):
            self._files.remove(job.upload_id)
        elif not running.stop.is_set():
            error = _error_of(task)
            update = task.result() if error is None else _mistake(job, error)
            await self._end_of(job, update).store()

    async def _stop_run(self, task: asyncio.Task[JobUpdate], job: Job) -> None:
        if task.done() or task in self.stubborn:
            return
        task.cancel()
        await asyncio.wait({task}, timeout=_ENGINE_GRACE)
        if not task.done():
            # Its reports are refused from now on: the job has ended, or has another attempt.
            _log.error("engine_does_not_stop", extra={"job_id": job.job_id})
            self.stubborn.add(task)
            task.add_done_callback(self.stubborn.discard)
            task.add_done_callback(note_exception)

    def _note_outage(self, job_id: str, running: _Running, *, is_outage: bool) -> None:
        if is_outage and self._running.get(job_id) is running:
            self._outages.add(running)
        elif running in self._outages:
            self._outages.discard(running)
            self._may_claim.set()

    def _end_of(self, job: Job, update: JobUpdate) -> "_End":
        return _End(job.upload_id, update, self._store, self._files, self)


class _End:
    """A job's end on its way into the database.

    While the database does not take it, for want of room above all, the end is kept in the place of
    the decoded sound and the upload is deleted, in this order: see `UploadFiles.keep_end`. That
    makes the room that the database needs, and the next start finds the end where this process
    does not get to store it.
    """

    def __init__(
        self,
        upload_id: str,
        update: JobUpdate,
        store: SqliteJobStore,
        files: UploadFiles,
        runner: JobRunner,
    ) -> None:
        self._upload_id = upload_id
        self._update = update
        self._store = store
        self._files = files
        self._runner = runner
        self._is_stored = False
        self._has_told = False

    async def store(self) -> None:
        """Stores the end, however long that takes, then deletes the job's files."""
        job_id, status = self._update.job_id, self._update.status.value
        try:
            await until_stored(self._try_to_store, job_id)
        except asyncio.CancelledError:
            self.keep()
            raise
        _log.info("job_ended", extra={"job_id": job_id, "status": status})

    def keep(self) -> None:
        """Keeps the end in its file, where it is not stored yet."""
        if self._is_stored or self._upload_id in self._runner.kept_ends:
            return
        end = self._update.model_dump_json(exclude_none=True).encode()
        try:
            self._files.keep_end(self._upload_id, end)
        except OSError as error:
            self._runner.interrupted.add(self._upload_id)
            if not self._has_told:
                _log.error("job_end_not_kept", extra={"error": str(error)})
            self._has_told = True
        else:
            self._runner.kept_ends.add(self._upload_id)

    async def _try_to_store(self) -> None:
        try:
            await self._store.report(self._update, self._was_stored)
        except Exception as error:
            self.keep()
            if isinstance(error, StorageError):
                raise
            raise StorageError(f"{type(error).__name__}: {error}") from error

    def _was_stored(self, _: Job | None) -> None:
        self._is_stored = True
        self._runner.kept_ends.discard(self._upload_id)
        self._runner.interrupted.discard(self._upload_id)
        self._files.remove(self._upload_id)


def note_exception(task: asyncio.Task[Any]) -> None:
    """For a task that nobody waits for: asyncio would complain of its exception otherwise."""
    if not task.cancelled():
        task.exception()


def _error_of(task: asyncio.Task[JobUpdate]) -> BaseException | None:
    """Why a run that has come to its end has no result. An engine must not cancel itself."""
    return RuntimeError("the run cancelled itself") if task.cancelled() else task.exception()


def _mistake(job: Job, error: BaseException) -> JobUpdate:
    _log.error("job_crashed", exc_info=error, extra={"job_id": job.job_id})
    return reports.failed(job, _MISTAKE, "worker_error")
