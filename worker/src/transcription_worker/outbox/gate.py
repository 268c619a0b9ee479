"""Whether anything may be sent at all."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from ..retry import delay
from .settings import OutboxSettings


@dataclass(slots=True)
class Gate:
    """Open while Convex can be reached and takes the key; else one probe at a time goes through.

    Times are seconds of a monotonic clock.
    """

    settings: OutboxSettings
    chance: Callable[[], float] = random.random
    reason: str | None = None
    """Why it is closed, `None` while it is open."""

    closed_until: float = field(default=0.0, init=False)
    _failures: int = field(default=0, init=False)

    def may_send(self, now: float, under_way: int) -> bool:
        """Whether the next request may go out, with `under_way` others on their way."""
        return self.reason is None or (now >= self.closed_until and under_way == 0)

    def opens_at(self, now: float) -> float | None:
        """When the next probe may go; `None` where it is open, or that time has come."""
        return self.closed_until if self.reason is not None and now < self.closed_until else None

    def close_unreachable(self, now: float, reason: str) -> None:
        """No connection could be made. Eight at once that find this out are one failure."""
        if self.reason is not None and now < self.closed_until:
            return
        self._failures += 1
        self.reason = reason
        self.closed_until = now + delay(self.settings.backoff, self._failures, self.chance(), None)

    def pause(self, now: float, reason: str) -> None:
        """The key is not known: only a person can help."""
        self.reason = reason
        self.closed_until = now + self.settings.pause

    def open(self) -> bool:
        """Something answered. Whether the gate was closed before."""
        was_closed = self.reason is not None
        self.reason = None
        self._failures = 0
        return was_closed
