"""Whether anything may be sent at all."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from ..retry import RetryPolicy, delay
from .settings import OutboxSettings


def growing_pause(
    settings: OutboxSettings, failures: int, longest: float, chance: float, told: float = 0.0
) -> float:
    """Seconds after the `failures`-th failure in a row; at least `told`, else at most `longest`."""
    policy = RetryPolicy(base_delay=settings.first_pause, max_delay=longest)
    return delay(policy, failures, chance, told)


@dataclass(slots=True)
class Gate:
    """Open while Convex answers and takes the key; else one probe at a time goes through.

    One job's failure closes nothing: something may refuse that job's updates alone. The failures of
    two jobs without an answer of Convex between them do. Times are seconds of a monotonic clock.
    """

    settings: OutboxSettings
    chance: Callable[[], float] = random.random
    reason: str | None = None
    """Why it is closed, `None` while it is open."""

    trouble: str | None = field(default=None, init=False)
    """The last failure since Convex answered, `None` where all is well."""

    closed_until: float = field(default=0.0, init=False)
    _failures: int = field(default=0, init=False)
    _key_refusals: int = field(default=0, init=False)
    _closed_since: float = field(default=0.0, init=False)
    _suspects: set[str] = field(default_factory=set, init=False)

    def may_send(self, now: float, under_way: int) -> bool:
        """Whether the next request may go out, with `under_way` others on their way."""
        return self.reason is None or (now >= self.closed_until and under_way == 0)

    def opens_at(self, now: float) -> float | None:
        """When the next probe may go; `None` where it is open, or that time has come."""
        return self.closed_until if self.reason is not None and now < self.closed_until else None

    def fail(self, now: float, job_ids: list[str], reason: str) -> bool:
        """Something else than the endpoint answered, or nothing did; whether the gate is closed."""
        self.trouble = reason
        if self.reason is None:
            self._suspects.update(job_ids)
            if len(self._suspects) < 2:
                return False
            self._closed_since = now
        elif now < self.closed_until:
            return True  # of eight at once that find this out one counts
        self._failures += 1
        self.reason = reason
        is_long = now - self._closed_since >= self.settings.long_outage
        longest = self.settings.longest_pause if is_long else self.settings.short_pause
        pause = growing_pause(self.settings, self._failures, longest, self.chance())
        self.closed_until = now + pause
        return True

    def refuse_key(self, now: float, reason: str) -> float:
        """The key is not known: only a person can help. The pause before the next probe."""
        if self.reason is None or now >= self.closed_until:
            pauses = self.settings.key_pauses
            pause = pauses[min(self._key_refusals, len(pauses) - 1)]
            self._key_refusals += 1
            self.closed_until = now + pause
        self.reason = self.trouble = reason
        return self.closed_until - now

    def open(self) -> bool:
        """The endpoint answered. Whether the gate was closed before."""
        was_closed = self.reason is not None
        self.reason = self.trouble = None
        self._failures = self._key_refusals = 0
        self._suspects.clear()
        return was_closed
