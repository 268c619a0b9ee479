"""What a failed try means for the update, its job and the whole outbox; see README's table."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ..errors import (
    AuthenticationError,
    ConvexError,
    Issue,
    JobNotFoundError,
    PayloadTooLargeError,
    SegmentGapError,
    UnavailableError,
    UnexpectedAnswerError,
    UserMismatchError,
    ValidationError,
)
from .settings import OutboxSettings

# An update without these says something else, or nothing.
_NEVER_DROPPED = frozenset(
    {"jobId", "status", "attempt", "sequence", "error", "result", "segments"}
)
_UNKNOWN_KEYS = re.compile(r"Unrecognized keys?: (.*)", re.DOTALL)
_QUOTED = re.compile(r'"([^"]*)"')


class Trouble(StrEnum):
    """The kinds of failure whose tries are counted, each by itself."""

    MISSING = "missing"
    """The job is not there (404)."""
    INTERNAL = "internal"
    """A defect of the endpoint's (500 `internal_error`)."""
    UNAVAILABLE = "unavailable"
    """"Not now", or no answer."""
    FOREIGN = "foreign"
    """Something else than the endpoint answers."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Try again after a growing pause of at most `longest` seconds, or when the answer says."""

    trouble: Trouble
    longest: float
    retry_after: float = 0.0


@dataclass(frozen=True, slots=True)
class Pause:
    """The key is wrong: nothing can be sent for any job until somebody corrects it."""


@dataclass(frozen=True, slots=True)
class Resend:
    """Send again with the segments from `expected` on."""

    expected: int


@dataclass(frozen=True, slots=True)
class Without:
    """Send again without these fields of the body, such as `timestamps` or `audioInfo.format`."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Smaller:
    """Send again in smaller requests."""


@dataclass(frozen=True, slots=True)
class Refused:
    """To the dead-letter: it will never be taken."""

    code: str


@dataclass(frozen=True, slots=True)
class Removed:
    """Convex has lost the job: its work ends, and what would rebuild it goes to the dead-letter."""


Verdict = Wait | Pause | Resend | Without | Smaller | Refused | Removed


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known of the update that failed.

    `trouble` is the kind of the failures before this one in a row, `tries` how many there were and
    `seconds` how long it has been tried. `was_known`: Convex has accepted an update of this job.
    `others_accepted`: those of other jobs were accepted meanwhile. `body` is the update's, `size`
    the request's in bytes.
    """

    body: Mapping[str, Any] = field(default_factory=dict)
    size: int = 1 << 20
    was_known: bool = False
    others_accepted: bool = False
    trouble: Trouble | None = None
    tries: int = 0
    seconds: float = 0.0


def trouble_of(error: ConvexError) -> Trouble | None:
    """The kind of a failure after which the same is tried again; `None` for the others."""
    match error:
        case JobNotFoundError():
            return Trouble.MISSING
        case UnavailableError(code="internal_error"):
            return Trouble.INTERNAL
        case UnavailableError():
            return Trouble.UNAVAILABLE
        case UnexpectedAnswerError() | PayloadTooLargeError():
            return Trouble.FOREIGN
    return None


def judge(error: ConvexError, update: Circumstances, settings: OutboxSettings) -> Verdict:
    """The verdict on one failed try: no clock, no database."""
    trouble = trouble_of(error)
    tries = update.tries + 1 if trouble is update.trouble else 1
    seconds = update.seconds if trouble is update.trouble else 0.0
    # A short outage is over soon; a long one needs a person, who takes longer.
    longest = settings.longest_pause if seconds >= settings.long_outage else settings.short_pause
    match error:
        case AuthenticationError():
            return Pause()
        case SegmentGapError(expected=expected):
            return Resend(expected)
        case PayloadTooLargeError() if update.size >= settings.smallest_request:
            return Smaller()
        case ValidationError(issues=issues):
            paths = _droppable(issues, update.body)
            return Without(paths) if paths else Refused(error.code or "invalid_payload")
        case UserMismatchError():
            return Refused("user_mismatch")
        case JobNotFoundError(retry_after=retry_after):
            return _missing(update.was_known, seconds, retry_after or 0.0, settings)
        case UnavailableError(code="internal_error"):
            if tries >= settings.internal_tries and seconds >= settings.internal_for:
                return Refused("internal_error")
            return Wait(Trouble.INTERNAL, settings.longest_pause)
        case UnavailableError(retry_after=retry_after):
            told = min(retry_after or 0.0, settings.longest_pause)
            return Wait(Trouble.UNAVAILABLE, longest, told)
    if update.others_accepted and seconds >= settings.foreign_for:
        return Refused(f"http_{error.status}")
    return Wait(Trouble.FOREIGN, longest)


def _missing(
    was_known: bool, seconds: float, retry_after: float, settings: OutboxSettings
) -> Verdict:
    if was_known and seconds >= settings.removed_after:
        return Removed()
    if not was_known and seconds >= settings.missing_for:
        return Refused("job_not_found")
    return Wait(Trouble.MISSING, settings.short_pause, min(retry_after, settings.longest_pause))


def _droppable(issues: tuple[Issue, ...], body: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields of the body without which the update is valid; none where others are wrong too.

    A clock that is wrong, or a deployment that is older than this worker, must not cost an update.
    """
    paths: set[str] = set()
    for issue in issues:
        found = _paths_of(issue)
        if not found:
            return ()
        paths.update(found)
    return tuple(sorted(path for path in paths if _holds(body, path)))


def _paths_of(issue: Issue) -> list[str]:
    if issue.path.startswith("timestamps.") or issue.path == "timestamps":
        return ["timestamps"]
    unknown = _UNKNOWN_KEYS.match(issue.message)
    if unknown is None or issue.path not in ("", "audioInfo", "timestamps"):
        return []
    keys = _QUOTED.findall(unknown[1])
    if not issue.path and not _NEVER_DROPPED.isdisjoint(keys):
        return []
    return [f"{issue.path}.{key}".lstrip(".") for key in keys]


def _holds(body: Mapping[str, Any], path: str) -> bool:
    holder: Any = body
    for key in path.split("."):
        if not isinstance(holder, Mapping) or key not in holder:
            return False
        holder = holder[key]
    return True
