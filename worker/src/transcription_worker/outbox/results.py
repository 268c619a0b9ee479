"""What becomes of an update's job, of the gate and of the file when a try has come to an end."""

import logging
import math
import random
import time
from collections.abc import Callable
from functools import partial

from ..database import Database
from ..errors import (
    AuthenticationError,
    ConvexError,
    PayloadTooLargeError,
    UnavailableError,
    UnexpectedAnswerError,
    ValidationError,
)
from ..models import UpdateOutcome
from . import settle as settling
from .gate import Gate, growing_pause
from .jobs import Job, Jobs
from .pace import LastSent, Waiting
from .prepare import to_json
from .requests import Request
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
# Bytes of an update beside its transcript; what is larger can still be made smaller.
_SMALLEST_BODY = 8 * 1024

Entry = tuple[str, Job, Request]
Result = UpdateOutcome | ConvexError


class Results:
    """Applies results to the jobs, the gate and the file. `notify` tells what waits for a job."""

    def __init__(
        self,
        database: Database,
        settings: OutboxSettings,
        clock: Callable[[], float],
        jobs: Jobs,
        gate: Gate,
        notify: Callable[[str, Waiting | None], None],
    ) -> None:
        self.outcome_callbacks: list[Callable[[str, UpdateOutcome], None]] = []
        self.removed_callbacks: list[Callable[[str], None]] = []
        self.counts = Counts()
        self.single_until = -math.inf
        self.storage_trouble: str | None = None
        self._database = database
        self._settings = settings
        self._clock = clock
        self._jobs = jobs
        self._gate = gate
        self._notify = notify
        self._told: dict[str, float] = {}

    def fail_batch(self, entries: list[Entry], error: ConvexError) -> None:
        """A batch failed as a whole, which says nothing about any of its updates."""
        now = self._clock()
        job_ids = [job_id for job_id, _, _ in entries]
        match error:
            case AuthenticationError():
                self._refuse_key(now, error)
                return
            case UnexpectedAnswerError(status=404 | 405) | ValidationError():
                self.single_until = now + self._settings.single_for
                _log.warning("batches_refused", extra={"error": error.message})
                return
            case UnavailableError(unreachable=True):
                pass
            case _:
                for _, job, _ in entries:
                    job.batch_updates = max(1, len(entries) // 2)
        _log.warning("batch_failed", extra={"updates": len(entries), "error": error.message})
        trouble = None if isinstance(error, PayloadTooLargeError) else trouble_of(error)
        if trouble in (Trouble.UNAVAILABLE, Trouble.FOREIGN):
            self._gate.fail(now, job_ids, error.message)

    async def handle(
        self, entry: Entry, result: Result, sent_at: float, milliseconds: float
    ) -> None:
        """One update was answered, or not: `sent_at` is by the outbox's clock."""
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
        except Exception as error:  # noqa: BLE001 - one job's row must not stop the others
            self.could_not_store(job_id, job, error)

    async def _was_accepted(self, entry: Entry, outcome: UpdateOutcome, sent_at: float) -> None:
        job_id, job, request = entry
        self._open_gate()
        job.failures, job.failed_at, job.not_before, job.batch_updates = 0, None, -math.inf, None
        if not request.is_piece:  # the pieces of an update go one right after the other
            progress = max(request.progress or 0.0, job.last_sent.progress if job.last_sent else 0)
            job.last_sent = LastSent(sent_at, progress)
            self.counts.accept(outcome.outcome, self._clock() - job.waiting_since)
            job.waiting_since = self._clock()
        for callback in self.outcome_callbacks:
            _call(callback, job_id, outcome)
        await self.settle(job_id, job, partial(settling.accept, request=request, outcome=outcome))
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
            self._wait(entry, verdict, error, is_own=others_accepted)
            await self._database.write(
                partial(
                    settling.note_failure,
                    request=request,
                    reason=error.message,
                    trouble=trouble,
                    seconds=seconds,
                ),
                after_commit=partial(self._notify, job_id),
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
            self.tell("foreign_answer", error=error.message)
        is_path = verdict.trouble in (Trouble.UNAVAILABLE, Trouble.FOREIGN) and not is_own
        if is_path and self._gate.fail(now, [job_id], error.message):
            job.not_before = now + verdict.retry_after  # the next probe is another job's
            return
        self._back_off(job, verdict.longest, verdict.retry_after)

    async def _apply(self, verdict: Verdict, entry: Entry, error: ConvexError) -> None:
        job_id, job, request = entry
        work: settling.Settle
        match verdict:
            case Resend(expected):
                # The first time at once; a server that never has enough must not be hammered.
                if job.failures:
                    self._back_off(job, self._settings.short_pause, 0.0)
                job.failures = max(job.failures, 1)
                work = partial(settling.resend_from, request=request, expected=expected)
            case Without(paths):
                _log.warning("fields_dropped", extra={"job_id": job_id, "paths": paths})
                work = partial(settling.drop_fields, request=request, paths=paths)
            case Smaller() if request.segments > 1 or _is_large(request):
                job.request_bytes = len(request.content) // 2
                _log.warning(
                    "requests_halved", extra={"job_id": job_id, "bytes": job.request_bytes}
                )
                return
            case Smaller() if request.segments == 1:
                _log.error("segments_dead_lettered", extra={"job_id": job_id})
                work = partial(settling.give_up_segments, request=request)
            case Removed():
                job.last_sent = None
                _log.error("job_removed", extra={"job_id": job_id})
                for callback in self.removed_callbacks:
                    _call(callback, job_id)
                work = partial(settling.remove, request=request, reason=error.message)
            case _:
                code = verdict.code if isinstance(verdict, Refused) else "payload_too_large"
                job.failures, job.failed_at = 0, None
                fields = {"job_id": job_id, "code": code, "reason": error.message}
                _log.error("update_dead_lettered", extra=fields)
                work = partial(settling.refuse, request=request, code=code, reason=error.message)
        await self.settle(job_id, job, work)

    async def settle(self, job_id: str, job: Job, work: settling.Settle) -> None:
        """Stores what an answer means; nothing is sent for the job before the disk has taken it.

        It tells what waits then, in the order of the commits with those of puts.
        """
        job.unsettled = work
        await self._database.write(work, after_commit=partial(self._notify, job_id))
        job.unsettled = None

    def could_not_store(self, job_id: str, job: Job, error: Exception) -> None:
        """The disk does not take what has to be stored for a job."""
        self._back_off(job, self._settings.short_pause, 0.0)
        self.storage_trouble = str(error)
        self.tell("delivery_not_stored", job_id=job_id, error=f"{type(error).__name__}: {error}")

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

    def tell(self, event: str, **fields: object) -> None:
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
