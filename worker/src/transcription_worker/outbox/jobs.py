"""The jobs that something waits for, and whose turn it is. Times are of one monotonic clock."""

import asyncio
import math
from dataclasses import dataclass

from .pace import LastSent, Waiting, due_at
from .schedule import Schedule
from .settings import OutboxSettings


@dataclass(slots=True)
class Job:
    """What the sender remembers of a job.

    `failures` counts those in a row, `missing_since` is when the first 404 in a row came, and
    nothing is sent `not_before` that time.
    """

    waiting: Waiting | None = None
    last_sent: LastSent | None = None
    not_before: float = -math.inf
    failures: int = 0
    missing_since: float | None = None
    is_under_way: bool = False


class Jobs:
    """Gives out one job at a time, each for one request at a time.

    Jobs whose last try failed share some of the places, so that the others always find one.
    """

    def __init__(self, settings: OutboxSettings) -> None:
        self.is_hurried = False
        self._settings = settings
        self._jobs: dict[str, Job] = {}
        self._ready = Schedule()
        self._failing = Schedule()
        self._failing_under_way = 0
        self._waiting: set[str] = set()
        self._drained = asyncio.Event()

    def notify(self, job_id: str, waiting: Waiting | None) -> None:
        """Tells what waits for a job now."""
        job = self._jobs.setdefault(job_id, Job())
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
        for job in self._jobs.values():
            job.not_before = -math.inf
            job.missing_since = None
        for job_id in [*waiting, *(self._jobs.keys() - waiting.keys())]:
            self.notify(job_id, waiting.get(job_id))

    def hurry(self, is_hurried: bool) -> None:
        """Lifts the pace, or keeps it again."""
        self.is_hurried = is_hurried
        for job_id, job in self._jobs.items():
            self._plan(job_id, job)

    async def drained(self) -> None:
        """Returns when nothing waits."""
        while self._waiting:
            await self._drained.wait()

    def begin(self, now: float) -> tuple[str, Job] | None:
        """The job whose turn it is; it is under way until `end`."""
        job_id = self._ready.pop(now)
        if job_id is None and self._failing_under_way < self._settings.failing_at_once:
            job_id = self._failing.pop(now)
            self._failing_under_way += job_id is not None
        if job_id is None:
            return None
        job = self._jobs[job_id]
        job.is_under_way = True
        return job_id, job

    def end(self, job_id: str, *, was_failing: bool) -> None:
        """The job's request has been answered, or not; it is planned again."""
        job = self._jobs[job_id]
        job.is_under_way = False
        self._failing_under_way -= was_failing
        self._plan(job_id, job)
        if job.waiting is None and job.last_sent is None:
            del self._jobs[job_id]  # nothing is left to be remembered

    def next_due(self, now: float) -> float | None:
        """When the next job is due that is not due `now`."""
        times = (self._ready.next_due(), self._failing.next_due())
        return min((time for time in times if time is not None and time > now), default=None)

    def _plan(self, job_id: str, job: Job) -> None:
        self._ready.remove(job_id)
        self._failing.remove(job_id)
        if job.is_under_way or job.waiting is None:
            return
        due = due_at(job.waiting, job.last_sent, self._settings)
        if job.failures or self.is_hurried:
            due = -math.inf  # its pace was kept before the first try
        schedule = self._failing if job.failures else self._ready
        schedule.put(job_id, max(due, job.not_before))
