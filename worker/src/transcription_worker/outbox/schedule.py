"""Which job is due next."""

import heapq
from itertools import count


class Schedule:
    """Jobs by the time at which they are due; each job is in it once at most."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, str]] = []
        self._entries: dict[str, int] = {}
        self._numbers = count()

    def put(self, job_id: str, due: float) -> None:
        """Sets the job's time; of two jobs with the same time the one that was put first leads."""
        number = next(self._numbers)
        self._entries[job_id] = number
        heapq.heappush(self._heap, (due, number, job_id))

    def remove(self, job_id: str) -> None:
        """Forgets the job, if it is there."""
        self._entries.pop(job_id, None)

    def pop(self, now: float) -> str | None:
        """Takes out the job that has been due longest."""
        found = self.pop_with_due(now)
        return None if found is None else found[0]

    def pop_with_due(self, now: float) -> tuple[str, float] | None:
        """The same, with the time at which it is due."""
        due = self.next_due()
        if due is None or due > now:
            return None
        _, _, job_id = heapq.heappop(self._heap)
        del self._entries[job_id]
        return job_id, due

    def next_due(self) -> float | None:
        """The earliest time at which a job is due."""
        while self._heap:
            due, number, job_id = self._heap[0]
            if self._entries.get(job_id) == number:
                return due
            heapq.heappop(self._heap)  # removed, or put again with another time
        return None
