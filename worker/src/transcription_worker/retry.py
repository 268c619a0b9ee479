"""When to try again: a frozen policy and pure functions, without a clock and without chance."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

RETRIED_STATUSES = frozenset({408, 425, 429})
"""Beside every 5xx: what says "not now" rather than "not like this"."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Delays of 0.5, 1, 2, … seconds, each shorter or longer by up to a quarter.

    `retries` counts the tries after the first one. `max_retry_after` is the longest `Retry-After`
    in seconds that a caller is kept waiting for.
    """

    retries: int = 3
    base_delay: float = 0.5
    factor: float = 2.0
    max_delay: float = 8.0
    jitter: float = 0.25
    max_retry_after: float = 60.0


def is_retried(status: int) -> bool:
    """Whether an HTTP status means that the same request may succeed later."""
    return status in RETRIED_STATUSES or 500 <= status <= 599


def delay(policy: RetryPolicy, failures: int, chance: float, retry_after: float | None) -> float:
    """Seconds to wait after the `failures`-th failure in a row (1 is the first).

    `chance` is a random number from 0 to 1. The delay never exceeds `max_delay`, but for a
    `retry_after` that is longer: that one is always waited for.
    """
    # Beyond thirty doublings only the exponent would grow.
    exponent = min(max(failures - 1, 0), 30)
    pause = min(policy.base_delay * policy.factor**exponent, policy.max_delay)
    pause = min(pause * (1 + policy.jitter * (2 * chance - 1)), policy.max_delay)
    return max(pause, retry_after or 0.0)


def parse_retry_after(
    header: str | None, *, date: str | None = None, now: datetime | None = None
) -> float | None:
    """Seconds of a `Retry-After` header, which holds seconds or a date; `None` for neither.

    A date is compared with the answer's own `Date` header where there is one, because this
    machine's clock may be wrong, else with `now`.
    """
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:15])
    until = _parse_http_date(text)
    if until is None:
        return None
    since = _parse_http_date(date or "") or now or datetime.now(UTC)
    return max(0.0, (until - since).total_seconds())


def _parse_http_date(text: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
