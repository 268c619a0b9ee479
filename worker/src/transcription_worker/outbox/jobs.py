"""The jobs that something waits for, and whose turn it is. Times are of one monotonic clock."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass

from .pace import LastSent, Waiting, due_at
from .schedule import Schedule
from .settings import OutboxSettings
from .settle import Settle


@dataclass(slots=True)
class Job:
    """What the sender remembers of a job.

    `failures` counts those in a row, the last one was at `failed_at`, and nothing is sent
    `not_before` that time. `others_accepted` counts the updates that had been accepted when the
    failures began. `request_bytes` and `batch_updates` are the most that its requests may hold,
    halved where they failed; `crowded_out` is the size of one for which a batch had no room, which
    is not worth to be made again for the next full one. `waiting_since`: when what waits began to.
    `unsettled` is what an answer changes, where the disk has not taken it yet.
    """

    waiting: Waiting | None = None
    waiting_since: float = 0.0
    last_sent: LastSent | None = None
    not_before: float = -math.inf
    failures: int = 0
    failed_at: float | None = None
    others_accepted: int = 0
    request_bytes: int | None = None
    batch_updates: int | None = None
    crowded_out: int = 0
    unsettled: Settle | None = None
    is_under_way: bool = False


class Jobs:
    """Gives out jobs to send for, each for one request at a time.

    Jobs whose last try failed share some of the places, so that the others always find one.
    """

    def __init__(self, settings: OutboxSettings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self._is_flushing = False
        self._jobs: dict[str, Job] = {}
        self._ready = Schedule()
        self._failing = Schedule()
        self._signs: dict[str, None] = {}  # in the order in which they came
        self._failing_under_way: set[str] = set()
        self._waiting: set[str] = set()
        self._drained = asyncio.Event()

    def notify(self, job_id: str, waiting: Waiting | None) -> None:
        """Tells what waits for a job now."""
        job = self._jobs.setdefault(job_id, Job())
        if job.waiting is None:
            job.waiting_since = self._clock()
        job.waiting = waiting
        if waiting is None:
            self._waiting.discard(job_id)
        else:
            self._waiting.add(job_id)
            self._drained.clear()
        if not self._waiting:
            self._drained.set()
        self._plan(job_id, job)

    def reload(self, waiting: dict[str, Waiting]) -> None:
        """Takes what waits from the file, and lets every job have its next try at once."""
        for job_id in [*waiting, *(self._jobs.keys() - waiting.keys())]:
            self.notify(job_id, waiting.get(job_id))
        self.retry_all()

    def retry_all(self) -> None:
        """Lets every job have its next try at once."""
        for job_id, job in self._jobs.items():
            job.not_before = -math.inf
            self._plan(job_id, job)

    def flush(self, is_flushing: bool) -> None:
        """Lifts the pace, or keeps it again."""
        self._is_flushing = is_flushing
        for job_id, job in self._jobs.items():
            self._plan(job_id, job)

    async def drained(self) -> None:
        """Returns when nothing waits."""
        while self._waiting:
            await self._drained.wait()

    def begin(self, now: float, most: int, *, is_probe: bool = False) -> list[tuple[str, Job]]:
        """The jobs whose turn it is, at most `most`, for one request; under way until `end`.

        With those that are due now go those that soon are, and every sign of life that waits: a
        hundred waiting jobs, whenever each began to wait, cost what one costs. Empty where none is
        due. A probe is best made with a job that Convex has taken updates of and that has not
        failed since: its answer tells of Convex, and not of the job.
        """
        job_id = self._trusted() if is_probe else None
        if job_id is not None:
            self._ready.remove(job_id)
        else:
            job_id = self._ready.pop(now)
        if job_id is None and len(self._failing_under_way) < self._settings.failing_at_once:
            job_id = self._failing.pop(now)
        if job_id is None:
            return []
        taken = [job_id]
        most = min(most, self._jobs[job_id].batch_updates or most)
        room = self._settings.request_bytes - self._jobs[job_id].crowded_out
        soon = now + self._settings.batch_window
        for schedule in (self._ready, self._failing):
            passed_over: list[tuple[str, float]] = []
            while len(taken) < most and (other := schedule.pop_with_due(soon)) is not None:
                candidate = self._jobs[other[0]]
                if (candidate.batch_updates or most) < most or candidate.crowded_out > room:
                    passed_over.append(other)  # it goes in a smaller request
                else:
                    taken.append(other[0])
                    room -= candidate.crowded_out
            for other_id, due in passed_over:
                schedule.put(other_id, due)
        for other_id in [*self._signs]:
            if len(taken) < most and other_id not in taken:
                self._ready.remove(other_id)
                taken.append(other_id)
        if len(taken) == 1 and self._jobs[job_id].failures:
            self._failing_under_way.add(job_id)
        for one in taken:
            self._jobs[one].is_under_way = True
            self._signs.pop(one, None)
        return [(one, self._jobs[one]) for one in taken]

    def _trusted(self) -> str | None:
        for job_id in self._waiting:
            job = self._jobs[job_id]
            if job.last_sent is not None and job.failed_at is None and not job.failures:
                return job_id
        return None

    def end(self, job_id: str) -> None:
        """The job's request has been answered, or not; it is planned again."""
        job = self._jobs[job_id]
        job.is_under_way = False
        self._failing_under_way.discard(job_id)
        self._plan(job_id, job)
        if job.waiting is None and job.last_sent is None and job.unsettled is None:
            del self._jobs[job_id]  # nothing is left to be remembered

    def forget_idle(self) -> None:
        """Forgets the jobs that nothing waits for and whose pace holds back nothing any more.

        Not every job ends with an update of this worker: its user may have cancelled it.
        """
        before = self._clock() - self._settings.sign_of_life_interval
        for job_id, job in list(self._jobs.items()):
            if job.is_under_way or job.waiting is not None or job.unsettled is not None:
                continue
            if job.last_sent is None or job.last_sent.at < before:
                del self._jobs[job_id]

    def next_due(self, now: float) -> float | None:
        """When the next job is due that is not due `now`."""
        times = (self._ready.next_due(), self._failing.next_due())
        return min((time for time in times if time is not None and time > now), default=None)

    def _plan(self, job_id: str, job: Job) -> None:
        self._ready.remove(job_id)
        self._failing.remove(job_id)
        self._signs.pop(job_id, None)
        if job.is_under_way or (job.waiting is None and job.unsettled is None):
            return
        due = -math.inf  # where it failed, its pace was kept before the first try
        if job.waiting is not None and not job.failures and not self._is_flushing:
            due = due_at(job.waiting, job.last_sent, self._settings)
        schedule = self._failing if job.failures else self._ready
        schedule.put(job_id, max(due, job.not_before))
        if job.waiting is not None and job.waiting.is_sign and not job.failures:
            self._signs[job_id] = None
