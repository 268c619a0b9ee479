"""What can go wrong between a worker and Convex.

    ConvexError                  everything below: the update was not taken
    ├── ValidationError          it is not a valid update (400, or found before sending)
    ├── PayloadTooLargeError     the request is too large (413): send less at once
    ├── AuthenticationError      the key is not one of the deployment's (401)
    ├── UserMismatchError        `userId` is not the job's user (403)
    ├── JobNotFoundError         there is no such job, or not yet (404)
    ├── SegmentGapError          segments before the first one sent are missing (409)
    ├── UnexpectedAnswerError    something answered that is not the endpoint, or not as documented
    └── UnavailableError         no answer, or "try again later", to the end of the retries
    ConfigurationError           a setting is missing or malformed
    └── MissingExtraError        the packages of an extra are not installed
    UsageError                   a client or an outbox is used where it cannot work
    StorageError                 the worker's SQLite file cannot be used
    ├── AlreadyRunningError      another worker has the file open
    └── DiskFullError            there is no room on the disk

No message of these contains a key or any part of a transcript, so all of them may be logged.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Issue:
    """One problem of an update: `path` like `result.segments.3.end`, empty for the whole."""

    path: str
    message: str


class ConvexError(Exception):
    """An update was not taken. `status` is the HTTP status, `None` where there was no answer."""

    def __init__(self, message: str, *, status: int | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code


class ValidationError(ConvexError):
    """The update is not valid; `issues` says where. Sending it again cannot help."""

    def __init__(
        self,
        message: str,
        *,
        issues: Sequence[Issue] = (),
        status: int | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message, status=status, code=code)
        self.issues = tuple(issues)


class PayloadTooLargeError(ConvexError):
    """The request is larger than the endpoint, or a proxy before it, takes: send less at once."""

    def __init__(
        self, message: str, *, status: int = 413, code: str | None = "payload_too_large"
    ) -> None:
        super().__init__(message, status=status, code=code)


class AuthenticationError(ConvexError):
    """The deployment does not know the key: compare CONVEX_API_KEY on both sides."""


class UserMismatchError(ConvexError):
    """The update's `userId` is not the user of the job."""


class JobNotFoundError(ConvexError):
    """There is no such job, or not yet. `retry_after` is in seconds, where the server says so."""

    def __init__(
        self, message: str, *, status: int = 404, retry_after: float | None = None
    ) -> None:
        super().__init__(message, status=status, code="job_not_found")
        self.retry_after = retry_after


class SegmentGapError(ConvexError):
    """Segments are missing on the server: send them again from offset `expected`."""

    def __init__(self, message: str, *, expected: int, status: int = 409) -> None:
        super().__init__(message, status=status, code="segment_gap")
        self.expected = expected


class UnexpectedAnswerError(ConvexError):
    """The answer is not one of the endpoint's: a redirect, a proxy's page, a wrong address."""


class UnavailableError(ConvexError):
    """The endpoint could not be reached or asked for patience.

    `attempts` counts the tries made. `retry_after` is how many seconds the server wants to be left
    alone, where it says so. `unreachable` is true where no connection could be made at all, so
    that the update cannot have been the cause.
    """

    def __init__(
        self,
        message: str,
        *,
        attempts: int = 1,
        status: int | None = None,
        code: str | None = None,
        retry_after: float | None = None,
        unreachable: bool = False,
    ) -> None:
        super().__init__(message, status=status, code=code)
        self.attempts = attempts
        self.retry_after = retry_after
        self.unreachable = unreachable


class ConfigurationError(Exception):
    """A setting is missing or malformed. The message says what to set and where to get it."""

    code = "configuration"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class MissingExtraError(ConfigurationError):
    """A part of this package is used whose packages are not installed; the message has the line
    that installs them."""

    code = "missing_extra"


class UsageError(RuntimeError):
    """The program uses an object in a way that cannot work; the message says what to do instead.

    `code` is `wrong_event_loop`, `after_fork`, `closed` or `from_callback`.
    """

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class StorageError(Exception):
    """The worker's SQLite file cannot be opened, read or written."""


class AlreadyRunningError(StorageError):
    """Another worker has the SQLite file open; two would send each other's updates twice."""


class DiskFullError(StorageError):
    """There is no room on the disk; whatever it was may succeed once there is."""
