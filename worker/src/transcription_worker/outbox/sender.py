"""The task that delivers what the outbox holds."""

import asyncio
import logging
import math
import random
import sqlite3
import time
from collections.abc import Callable
from functools import partial

from ..answers import read_outcome
from ..client import UPDATE_PATH, ConvexClient
from ..database import Database
from ..errors import (
    AuthenticationError,
    ConvexError,
    StorageError,
    UnavailableError,
    UnexpectedAnswerError,
    ValidationError,
)
from ..models import UpdateOutcome
from . import batch, settle, store
from .gate import Gate, growing_pause
from .jobs import Job, Jobs
from .pace import LastSent, Waiting
from .prepare import to_json
from .requests import Request, next_request
from .settings import OutboxSettings
from .stats import Counts
from .verdict import (
    Circumstances,
    Pause,
    Refused,
    Removed,
    Resend,
    Smaller,
    Trouble,
    Verdict,
    Wait,
    Without,
    judge,
    trouble_of,
)

_log = logging.getLogger("transcription_worker.outbox")

# Seconds between two log lines about the same lasting trouble.
_TOLD_EVERY = 60.0
# Seconds between two clean-ups of what finished long ago.
_FORGET_EVERY = 60 * 60.0
# Bytes of an update beside its transcript; what is larger can still be made smaller.
_SMALLEST_BODY = 8 * 1024

Entry = tuple[str, Job, Request]
Result = UpdateOutcome | ConvexError


class Sender:
    """Sends for many jobs at once, at most one request at a time for each of them."""

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
        self.counts = Counts()
        self._database = database
        self._client = client
        self._settings = settings
        self._clock = clock
        self._gate = Gate(settings)
        self._jobs = Jobs(settings, clock)
        self._under_way: set[asyncio.Task[None]] = set()
        self._flushes = 0
        self._wake = asyncio.Event()
        self._stopping = False
        self._data_version: int | None = None
        self._refresh_at = -math.inf
        self._forget_at = -math.inf
        self._single_until = -math.inf
        self._storage_trouble: str | None = None
        self._told: dict[str, float] = {}

    @property
    def blocked(self) -> str | None:
        """Why nothing is sent at the moment."""
        return self._storage_trouble or self._gate.trouble

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
                self._jobs.flush(True)
                self._wake.set()
                await self._jobs.drained()
            return True
        except TimeoutError:
            return False
        finally:
            self._flushes -= 1
            self._jobs.flush(self._flushes > 0)

    async def _try_to_refresh(self) -> None:
        now = self._clock()
        self._refresh_at = now + self._settings.refresh_interval
        try:
            await self._refresh()
            if now >= self._forget_at:
                self._forget_at = now + _FORGET_EVERY
                await self._database.write(store.forget_finished_jobs)
        except (StorageError, sqlite3.Error) as error:
            self._tell("outbox_unreadable", error=str(error))

    async def _refresh(self) -> None:
        """Looks into the file where somebody else has written to it: at the start, and after the
        command line has retried or purged, which is also the moment to try the key again."""
        version = await self._database.read(store.data_version)
        if version == self._data_version:
            return
        # Within a write, so that no put comes between what is read and what is told.
        await self._database.write(store.waiting_jobs, after_commit=self._jobs.reload)
        self._data_version = version
        self._gate.open()
        self._wake.set()

    async def _sleep(self, now: float) -> None:
        """Waits until something happens, or the next job is due."""
        times = [self._refresh_at]
        if len(self._under_way) < self._settings.requests_at_once:
            # A job that is due and finds no place is begun when a request ends.
            due = self._jobs.next_due(now)
            times += [time for time in (due, self._gate.opens_at(now)) if time is not None]
        try:
            async with asyncio.timeout(min(times) - now):
                await self._wake.wait()
        except TimeoutError:
            pass

    def _begin_due(self, now: float) -> None:
        while len(self._under_way) < self._settings.requests_at_once and self._gate.may_send(
            now, len(self._under_way)
        ):
            is_probe = self._gate.reason is not None or now < self._single_until
            turn = self._jobs.begin(now, 1 if is_probe else self._settings.batch_updates)
            if not turn:
                return
            task = asyncio.create_task(self._deliver(turn))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _deliver(self, turn: list[tuple[str, Job]]) -> None:
        try:
            prepared = await asyncio.gather(*(self._prepare(*one) for one in turn))
            entries = [entry for entry in prepared if entry is not None]
            fitting = batch.fitting([entry[2] for entry in entries], self._settings.request_bytes)
            if entries:
                await self._send(entries[:fitting])
        finally:
            for job_id, _ in turn:
                self._jobs.end(job_id)
            self._wake.set()

    async def _prepare(self, job_id: str, job: Job) -> Entry | None:
        """The job's next request; `None` where there is none, or the disk does not allow it."""
        try:
            if job.unsettled is not None:
                await self._settle(job_id, job, job.unsettled)
            limit = job.request_bytes or self._settings.request_bytes
            request = await self._database.write(
                lambda connection: next_request(connection, job_id, limit)
            )
        except Exception as error:  # noqa: BLE001 - one job's row must not stop the others
            self._could_not_store(job_id, job, error)
            return None
        self._storage_trouble = None
        if request is None:
            self.notify(job_id, None)
            return None
        return job_id, job, request

    async def _send(self, entries: list[Entry]) -> None:
        began, sent_at = time.monotonic(), self._clock()
        self.counts.requests += 1
        self.counts.retries += any(request.tries for _, _, request in entries)
        try:
            results = await self._exchange([request for _, _, request in entries])
        except ConvexError as error:
            self._batch_failed(entries, error)
            return
        milliseconds = round((time.monotonic() - began) * 1000, 1)
        await asyncio.gather(
            *(
                self._handle(entry, result, sent_at, milliseconds)
                for entry, result in zip(entries, results, strict=True)
            )
        )

    async def _exchange(self, requests: list[Request]) -> list[Result]:
        """The result of each update; raises where a batch failed as a whole."""
        if len(requests) > 1:
            return await batch.send(self._client, requests)
        [request] = requests
        try:
            answer = await self._client.exchange("POST", UPDATE_PATH, request.content)
            return [read_outcome(*answer, job_id=request.job_id)]
        except ConvexError as error:
            return [error]

    def _batch_failed(self, entries: list[Entry], error: ConvexError) -> None:
        now = self._clock()
        job_ids = [job_id for job_id, _, _ in entries]
        match error:
            case AuthenticationError():
                self._refuse_key(now, error)
                return
            case UnexpectedAnswerError(status=404 | 405) | ValidationError():
                self._single_until = now + self._settings.single_for
                _log.warning("batches_refused", extra={"error": error.message})
                return
            case UnavailableError(unreachable=True):
                pass
            case _:
                for _, job, _ in entries:
                    job.batch_updates = max(1, len(entries) // 2)
        _log.warning("batch_failed", extra={"updates": len(entries), "error": error.message})
        trouble = trouble_of(error)
        if trouble in (Trouble.UNAVAILABLE, Trouble.FOREIGN):
            is_foreign = trouble is Trouble.FOREIGN
            longest = self._settings.longest_pause if is_foreign else self._settings.short_pause
            self._gate.fail(now, job_ids, error.message, longest)

    async def _handle(
        self, entry: Entry, result: Result, sent_at: float, milliseconds: float
    ) -> None:
        job_id, job, request = entry
        fields: dict[str, object] = {
            "job_id": job_id,
            "sequence": request.sequence,
            "job_attempt": request.attempt,
            "attempt": request.tries + 1,
            "ms": milliseconds,
        }
        try:
            if isinstance(result, UpdateOutcome):
                level = logging.INFO if request.ends else logging.DEBUG
                fields |= {"outcome": result.outcome, "job_status": result.status.value}
                _log.log(level, "update_accepted", extra=fields)
                await self._was_accepted(entry, result, sent_at)
            else:
                fields |= {"status_code": result.status, "code": result.code}
                _log.warning("update_failed", extra=fields | {"error": result.message})
                await self._has_failed(entry, result)
        except (StorageError, sqlite3.Error) as error:
            self._could_not_store(job_id, job, error)

    async def _was_accepted(self, entry: Entry, outcome: UpdateOutcome, sent_at: float) -> None:
        job_id, job, request = entry
        self._open_gate()
        job.failures, job.failed_at, job.not_before, job.batch_updates = 0, None, -math.inf, None
        progress = max(request.progress or 0.0, job.last_sent.progress if job.last_sent else 0.0)
        job.last_sent = LastSent(sent_at, progress)
        waited = self._clock() - job.waiting_since
        job.waiting_since = self._clock()
        if not request.is_piece:
            self.counts.accept(outcome.outcome, waited)
        for callback in self.outcome_callbacks:
            _call(callback, job_id, outcome)
        await self._settle(job_id, job, partial(settle.accept, request=request, outcome=outcome))
        if request.ends and job.waiting is None:
            job.last_sent = None  # nothing will have to keep its pace

    async def _has_failed(self, entry: Entry, error: ConvexError) -> None:
        job_id, job, request = entry
        now = self._clock()
        since = 0.0 if job.failed_at is None else now - job.failed_at
        # Time in which nothing was tried, such as a machine's sleep, does not count.
        seconds = min(since, 2 * self._settings.longest_pause)
        if job.failed_at is None:
            job.others_accepted = self.counts.accepted
        job.failed_at = now
        others_accepted = self.counts.accepted > job.others_accepted
        circumstances = Circumstances(
            body=request.body,
            size=len(request.content),
            was_known=request.was_known,
            others_accepted=others_accepted,
            trouble=request.trouble,
            tries=request.trouble_tries,
            seconds=request.trouble_seconds + seconds,
        )
        verdict = judge(error, circumstances, self._settings)
        trouble = verdict.trouble if isinstance(verdict, Wait) else None
        is_ours = trouble in (None, Trouble.MISSING, Trouble.INTERNAL)
        if is_ours and not isinstance(verdict, Pause | Smaller):
            self._open_gate()
        if isinstance(verdict, Wait | Pause):
            self._wait(entry, verdict, error, is_own=job.failures > 0 and others_accepted)
            await self._database.write(
                partial(
                    settle.note_failure,
                    request=request,
                    reason=error.message,
                    trouble=trouble,
                    seconds=seconds,
                ),
                after_commit=partial(self.notify, job_id),
            )
            return
        await self._apply(verdict, entry, error)

    def _wait(
        self, entry: Entry, verdict: Wait | Pause, error: ConvexError, *, is_own: bool
    ) -> None:
        job_id, job, _ = entry
        now = self._clock()
        if isinstance(verdict, Pause):
            self._refuse_key(now, error)
            job.not_before = now
            return
        if verdict.trouble is Trouble.FOREIGN:
            self._tell("foreign_answer", error=error.message)
        is_path = verdict.trouble in (Trouble.UNAVAILABLE, Trouble.FOREIGN) and not is_own
        if is_path and self._gate.fail(now, [job_id], error.message, verdict.longest):
            job.not_before = now + verdict.retry_after  # the next probe is another job's
            return
        self._back_off(job, verdict.longest, verdict.retry_after)

    async def _apply(self, verdict: Verdict, entry: Entry, error: ConvexError) -> None:
        job_id, job, request = entry
        work: settle.Settle
        match verdict:
            case Resend(expected):
                # The first time at once; a server that never has enough must not be hammered.
                if job.failures:
                    self._back_off(job, self._settings.short_pause, 0.0)
                job.failures = max(job.failures, 1)
                work = partial(settle.resend_from, request=request, expected=expected)
            case Without(paths):
                _log.warning("fields_dropped", extra={"job_id": job_id, "paths": paths})
                work = partial(settle.drop_fields, request=request, paths=paths)
            case Smaller() if request.segments > 1 or _is_large(request):
                job.request_bytes = len(request.content) // 2
                _log.warning(
                    "requests_halved", extra={"job_id": job_id, "bytes": job.request_bytes}
                )
                return
            case Smaller() if request.segments == 1:
                _log.error("segments_dead_lettered", extra={"job_id": job_id})
                work = partial(settle.give_up_segments, request=request)
            case Removed():
                job.last_sent = None
                await self._settle(
                    job_id, job, partial(settle.remove, request=request, reason=error.message)
                )
                _log.error("job_removed", extra={"job_id": job_id})
                for callback in self.removed_callbacks:
                    _call(callback, job_id)
                return
            case _:
                code = verdict.code if isinstance(verdict, Refused) else "payload_too_large"
                job.failures, job.failed_at = 0, None
                fields = {"job_id": job_id, "code": code, "reason": error.message}
                _log.error("update_dead_lettered", extra=fields)
                work = partial(settle.refuse, request=request, code=code, reason=error.message)
        await self._settle(job_id, job, work)

    async def _settle(self, job_id: str, job: Job, work: settle.Settle) -> None:
        """Stores what an answer means; nothing is sent for the job before the disk has taken it.

        It tells what waits then, in the order of the commits with those of puts.
        """
        job.unsettled = work
        await self._database.write(work, after_commit=partial(self.notify, job_id))
        job.unsettled = None

    def _could_not_store(self, job_id: str, job: Job, error: Exception) -> None:
        self._back_off(job, self._settings.short_pause, 0.0)
        self._storage_trouble = str(error)
        self._tell("delivery_not_stored", job_id=job_id, error=f"{type(error).__name__}: {error}")

    def _back_off(self, job: Job, longest: float, told: float) -> None:
        job.failures += 1
        chance = random.random()  # noqa: S311 - spreads retries, guards nothing
        pause = growing_pause(self._settings, job.failures, longest, chance, told)
        job.not_before = self._clock() + pause

    def _refuse_key(self, now: float, error: ConvexError) -> None:
        pause = self._gate.refuse_key(now, error.message)
        _log.error("outbox_paused", extra={"reason": error.message, "tries_again_in": pause})

    def _open_gate(self) -> None:
        if self._gate.open():
            _log.info("outbox_resumed")
            self._jobs.retry_all()

    def _tell(self, event: str, **fields: object) -> None:
        """Logs a lasting trouble, loudly and once a minute."""
        now = time.monotonic()
        if now - self._told.get(event, -math.inf) >= _TOLD_EVERY:
            self._told[event] = now
            _log.error(event, extra=fields)


def _is_large(request: Request) -> bool:
    return len(to_json(request.body)) > _SMALLEST_BODY


def _call(callback: Callable[..., None], *arguments: object) -> None:
    try:
        callback(*arguments)
    except Exception as error:  # noqa: BLE001 - a listener's fault must not stop the sending
        fields = {"error": f"{type(error).__name__}: {error}"}
        _log.error("callback_failed", extra=fields)
