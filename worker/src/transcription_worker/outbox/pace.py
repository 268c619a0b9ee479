"""When a waiting update is due. Times are seconds of a clock that never runs backwards."""

import math
from dataclasses import dataclass

from .settings import OutboxSettings


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for one job. `progress` is the waiting progress update's, in percent.

    `is_urgent`: a status change is among it, which is sent at once, with what was put before it.
    """

    is_urgent: bool
    progress: float | None

    @property
    def is_sign(self) -> bool:
        """Whether it says no more than that the job is alive."""
        return not self.is_urgent and self.progress is None


@dataclass(frozen=True, slots=True)
class LastSent:
    """The newest update of a job that was accepted: when it was sent, and its progress."""

    at: float
    progress: float


def due_at(waiting: Waiting, last: LastSent | None, settings: OutboxSettings) -> float:
    """The time from which the update may go out; minus infinity for "at once"."""
    if waiting.is_urgent or last is None:
        return -math.inf
    moved = waiting.progress is not None and (
        abs(waiting.progress - last.progress) >= settings.progress_step
    )
    return last.at + (settings.progress_interval if moved else settings.sign_of_life_interval)
