"""What a failed try means for the update, its job and the whole outbox."""

from dataclasses import dataclass, field

from ..errors import (
    AuthenticationError,
    ConvexError,
    JobNotFoundError,
    SegmentGapError,
    UnavailableError,
    ValidationError,
)
from ..retry import RetryPolicy
from .settings import OutboxSettings

# What a proxy in front of the endpoint refuses too, and will refuse again.
_FINAL_STATUSES = frozenset({400, 403, 413})
# Seconds, where an answer of 404 does not say.
_MISSING_RETRY_AFTER = 5.0


@dataclass(frozen=True, slots=True)
class Wait:
    """Try again: after `retry_after` seconds or what `backoff` says, whichever is longer."""

    backoff: RetryPolicy
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Unreachable:
    """No connection: nothing can be sent for any job."""


@dataclass(frozen=True, slots=True)
class Pause:
    """The key is wrong: nothing can be sent for any job until somebody corrects it."""


@dataclass(frozen=True, slots=True)
class Resend:
    """Send again with the segments from `expected` on."""

    expected: int


@dataclass(frozen=True, slots=True)
class WithoutTimestamps:
    """Send again without `timestamps`: this machine's clock is wrong, the rest is not."""


@dataclass(frozen=True, slots=True)
class Bury:
    """To the dead-letter: sending the same again cannot help."""

    code: str


@dataclass(frozen=True, slots=True)
class Removed:
    """Its user has removed the job: drop all that waits for it."""


Verdict = Wait | Unreachable | Pause | Resend | WithoutTimestamps | Bury | Removed


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known of the job: seconds since the first 404 in a row, whether Convex knew it."""

    missing_for: float = 0.0
    was_known: bool = False
    has_timestamps: bool = False
    settings: OutboxSettings = field(default_factory=OutboxSettings)


def judge(error: ConvexError, job: Circumstances) -> Verdict:
    """The verdict on one failed try: no clock, no database."""
    settings = job.settings
    match error:
        case AuthenticationError():
            return Pause()
        case SegmentGapError(expected=expected):
            return Resend(expected)
        case JobNotFoundError() if job.was_known:
            return Removed()
        case JobNotFoundError() if job.missing_for >= settings.missing_for:
            return Bury("job_not_found")
        case JobNotFoundError(retry_after=retry_after):
            pause = _MISSING_RETRY_AFTER if retry_after is None else retry_after
            return Wait(settings.backoff, min(pause, settings.longest_wait))
        case UnavailableError(unreachable=True):
            return Unreachable()
        case UnavailableError(retry_after=retry_after):
            told = None if retry_after is None else min(retry_after, settings.longest_wait)
            return Wait(settings.backoff, told)
        case ValidationError(issues=issues) if (
            job.has_timestamps
            and issues
            and all(issue.path.startswith("timestamps.") for issue in issues)
        ):
            return WithoutTimestamps()
        case ConvexError(status=status, code=code) if status in _FINAL_STATUSES:
            return Bury(code or f"http_{status}")
        case _:
            return Wait(settings.unexpected_backoff)
