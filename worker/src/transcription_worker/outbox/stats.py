"""How the outbox is doing, in numbers."""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

# Seconds; upper bounds of the histogram's buckets.
_BOUNDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)


@dataclass(frozen=True, slots=True)
class DeliverySeconds:
    """Seconds from the oldest put that an update carries until it was accepted.

    `buckets` holds upper bounds, each with how many took no longer; infinity is `count`.
    """

    count: int = 0
    total: float = 0.0
    buckets: tuple[tuple[float, int], ...] = ()


@dataclass(frozen=True, slots=True)
class OutboxStats:
    """How the outbox is doing. The first three are of the file, the others since this start.

    `oldest_age`: seconds that the oldest waiting update has waited. `blocked` says why nothing is
    sent at the moment, `None` where all is well. `repaired` counts the values that were put right,
    by kind, `outcomes` the accepted updates by outcome. `requests` were sent, of them `retries`
    for updates that had failed before.
    """

    waiting: int
    dead: int
    oldest_age: float | None
    accepted: int
    merged: int
    repaired: dict[str, int]
    blocked: str | None
    outcomes: dict[str, int] = field(default_factory=dict)
    requests: int = 0
    retries: int = 0
    delivery_seconds: DeliverySeconds = field(default_factory=DeliverySeconds)


class Counts:
    """What the sender counts."""

    def __init__(self) -> None:
        self.accepted = 0
        self.requests = 0
        self.retries = 0
        self.outcomes: Counter[str] = Counter()
        self._seconds = 0.0
        self._buckets = [0] * (len(_BOUNDS) + 1)

    def accept(self, outcome: str, seconds: float) -> None:
        """One update was accepted, `seconds` after its put."""
        self.accepted += 1
        self.outcomes[outcome] += 1
        self._seconds += seconds
        self._buckets[bisect_left(_BOUNDS, seconds)] += 1

    @property
    def delivery_seconds(self) -> DeliverySeconds:
        """The histogram so far."""
        buckets, total = [], 0
        for bound, count in zip(_BOUNDS, self._buckets, strict=False):
            total += count
            buckets.append((bound, total))
        return DeliverySeconds(sum(self._buckets), self._seconds, tuple(buckets))
