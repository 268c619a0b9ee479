"""The task that delivers what the outbox holds."""

import asyncio
import logging
import math
import random
import sqlite3
import time
from collections.abc import Callable
from functools import partial

from ..client import ConvexClient, log_attempt
from ..database import Database
from ..errors import ConvexError
from ..models import UpdateOutcome
from ..retry import RetryPolicy, delay
from . import delivery, store
from .delivery import Request
from .gate import Gate
from .jobs import Job, Jobs
from .pace import LastSent, Waiting
from .settings import OutboxSettings
from .verdict import (
    Bury,
    Circumstances,
    Pause,
    Removed,
    Resend,
    Unreachable,
    Verdict,
    Wait,
    WithoutTimestamps,
    judge,
)

_log = logging.getLogger("transcription_worker.outbox")

Work = Callable[[sqlite3.Connection], Waiting | None]


class Sender:
    """Sends one request at a time for each job, for several jobs at once."""

    def __init__(
        self,
        database: Database,
        client: ConvexClient,
        settings: OutboxSettings,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.outcome_callbacks: list[Callable[[str, UpdateOutcome], None]] = []
        self.removed_callbacks: list[Callable[[str], None]] = []
        self.accepted = 0
        self._database = database
        self._client = client
        self._settings = settings
        self._clock = clock
        self._gate = Gate(settings)
        self._jobs = Jobs(settings)
        self._under_way: set[asyncio.Task[None]] = set()
        self._flushes = 0
        self._wake = asyncio.Event()
        self._stopping = False
        self._data_version: int | None = None
        self._refresh_at = -math.inf

    @property
    def blocked(self) -> str | None:
        """Why nothing is sent at the moment."""
        return self._gate.reason

    def notify(self, job_id: str, waiting: Waiting | None) -> None:
        """Tells what waits for a job now; called in the order of the commits."""
        self._jobs.notify(job_id, waiting)
        self._wake.set()

    def request_stop(self) -> None:
        """Makes `run` return soon, also where it has not begun yet."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Sends until `request_stop` or cancelled; whatever goes wrong, it goes on."""
        try:
            while not self._stopping:
                self._wake.clear()
                if self._clock() >= self._refresh_at:
                    await self._try_to_refresh()
                now = self._clock()
                self._begin_due(now)
                await self._sleep(now)
            if self._under_way:
                await asyncio.wait(self._under_way, timeout=self._settings.stop_grace)
        finally:
            self._stopping = False
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def flush(self, timeout: float) -> bool:
        """Lifts the pace until nothing waits; whether that was so within `timeout` seconds."""
        self._flushes += 1
        try:
            async with asyncio.timeout(timeout):
                await self._refresh()
                self._jobs.hurry(True)
                self._wake.set()
                await self._jobs.drained()
            return True
        except TimeoutError:
            return False
        finally:
            self._flushes -= 1
            self._jobs.hurry(self._flushes > 0)

    async def _try_to_refresh(self) -> None:
        self._refresh_at = self._clock() + self._settings.refresh_interval
        try:
            await self._refresh()
        except sqlite3.Error as error:
            _log.error("outbox_unreadable", extra={"error": str(error)})

    async def _refresh(self) -> None:
        """Looks into the file where somebody else has written to it: at the start, and after the
        command line has retried or purged, which is also the moment to try the key again."""
        version = await self._database.read(store.data_version)
        if version == self._data_version:
            return
        self._data_version = version
        # Within a write, so that no put comes between what is read and what is told.
        await self._database.write(store.waiting_jobs, after_commit=self._jobs.reload)
        self._gate.open()
        self._wake.set()

    async def _sleep(self, now: float) -> None:
        """Waits until something happens, or the next job is due."""
        times = [self._refresh_at]
        if len(self._under_way) < self._settings.jobs_at_once:
            # A job that is due and finds no place is begun when a request ends.
            due = self._jobs.next_due(now)
            times += [time for time in (due, self._gate.opens_at(now)) if time is not None]
        try:
            async with asyncio.timeout(min(times) - now):
                await self._wake.wait()
        except TimeoutError:
            pass

    def _begin_due(self, now: float) -> None:
        while len(self._under_way) < self._settings.jobs_at_once and self._gate.may_send(
            now, len(self._under_way)
        ):
            turn = self._jobs.begin(now)
            if turn is None:
                return
            task = asyncio.create_task(self._deliver(*turn))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _deliver(self, job_id: str, job: Job) -> None:
        was_failing = job.failures > 0
        try:
            await self._send_next(job_id, job)
        except Exception as error:  # noqa: BLE001 - a full disk must not end the sending
            job.failures += 1
            self._wait(job, self._settings.backoff, None)
            _log.error(
                "delivery_failed",
                extra={"job_id": job_id, "error": f"{type(error).__name__}: {error}"},
            )
        finally:
            self._jobs.end(job_id, was_failing=was_failing)
            self._wake.set()

    async def _send_next(self, job_id: str, job: Job) -> None:
        request = await self._database.write(
            partial(
                delivery.next_request, job_id=job_id, request_bytes=self._settings.request_bytes
            )
        )
        if request is None:
            self.notify(job_id, None)
            return
        began, sent_at = time.monotonic(), self._clock()
        log = partial(
            log_attempt,
            began=began,
            attempt=request.tries + 1,
            job_id=job_id,
            sequence=request.sequence,
            job_attempt=request.attempt,
        )
        try:
            outcome = await self._client.send_once(request.content)
        except ConvexError as error:
            verdict = self._judge(error, request, job)
            log("update_retry" if not isinstance(verdict, Bury) else "update_failed", error=error)
            await self._apply(verdict, error, request, job)
        else:
            log("update_accepted", outcome=outcome)
            await self._was_accepted(request, outcome, job, sent_at)

    async def _was_accepted(
        self, request: Request, outcome: UpdateOutcome, job: Job, sent_at: float
    ) -> None:
        self._open_gate()
        job.failures, job.missing_since, job.not_before = 0, None, -math.inf
        progress = max(request.progress or 0.0, job.last_sent.progress if job.last_sent else 0.0)
        job.last_sent = LastSent(sent_at, progress)
        await self._write(
            request.job_id, partial(delivery.accept, request=request, outcome=outcome)
        )
        self.accepted += not request.is_piece
        if request.status.is_terminal and job.waiting is None:
            job.last_sent = None  # nothing will have to keep its pace
        for callback in self.outcome_callbacks:
            _call(callback, request.job_id, outcome)

    def _judge(self, error: ConvexError, request: Request, job: Job) -> Verdict:
        now = self._clock()
        verdict = judge(
            error,
            Circumstances(
                missing_for=now - (job.missing_since if job.missing_since is not None else now),
                was_known=request.was_known,
                has_timestamps=request.has_timestamps,
                settings=self._settings,
            ),
        )
        if error.code != "job_not_found":
            job.missing_since = None
        elif job.missing_since is None:
            job.missing_since = now
        return verdict

    async def _apply(
        self, verdict: Verdict, error: ConvexError, request: Request, job: Job
    ) -> None:
        job_id, now = request.job_id, self._clock()
        note = partial(delivery.note_failure, request=request, reason=error.message)
        if not isinstance(verdict, Unreachable | Pause) and error.status is not None:
            self._open_gate()
        match verdict:
            case Unreachable():
                self._gate.close_unreachable(now, error.message)
                await self._write(job_id, note)
            case Pause():
                self._gate.pause(now, error.message)
                _log.error(
                    "outbox_paused",
                    extra={"reason": error.message, "tries_again_in": self._settings.pause},
                )
                await self._write(job_id, note)
            case Wait(backoff, retry_after):
                job.failures += 1
                self._wait(job, backoff, retry_after)
                await self._write(job_id, note)
            case Resend(expected):
                # The first time at once; a server that never has enough must not be hammered.
                job.failures += 1
                if job.failures > 1:
                    self._wait(job, self._settings.backoff, None)
                await self._write(
                    job_id, partial(delivery.resend_from, request=request, expected=expected)
                )
            case WithoutTimestamps():
                _log.warning(
                    "update_mended", extra={"job_id": job_id, "path": "timestamps", "kind": "clock"}
                )
                await self._write(job_id, partial(delivery.drop_timestamps, request=request))
            case Bury(code):
                job.failures = 0
                _log.error(
                    "update_dead_lettered",
                    extra={"job_id": job_id, "code": code, "reason": error.message},
                )
                await self._write(
                    job_id,
                    partial(delivery.bury, request=request, code=code, reason=error.message),
                )
            case Removed():
                dropped = await self._database.write(
                    partial(delivery.drop_job, job_id=job_id),
                    after_commit=lambda _: self.notify(job_id, None),
                )
                job.last_sent = None
                _log.warning("job_removed", extra={"job_id": job_id, "dropped": dropped})
                for callback in self.removed_callbacks:
                    _call(callback, job_id)

    def _wait(self, job: Job, backoff: RetryPolicy, retry_after: float | None) -> None:
        pause = delay(backoff, job.failures, random.random(), retry_after)  # noqa: S311 - jitter
        job.not_before = self._clock() + pause

    def _open_gate(self) -> None:
        if self._gate.open():
            _log.info("outbox_resumed")

    async def _write(self, job_id: str, work: Work) -> None:
        """A write that tells what waits then, in the order of the commits with those of puts."""
        await self._database.write(work, after_commit=partial(self.notify, job_id))


def _call(callback: Callable[..., None], *arguments: object) -> None:
    try:
        callback(*arguments)
    except Exception as error:  # noqa: BLE001 - a listener's fault must not stop the sending
        _log.error("callback_failed", extra={"error": f"{type(error).__name__}: {error}"})
