"""The outbox's numbers in one place."""

from dataclasses import dataclass, field

from ..limits import MAX_REQUEST_BYTES
from ..retry import RetryPolicy


@dataclass(frozen=True, slots=True)
class OutboxSettings:
    """Times in seconds, progress in percent; the defaults are those of the README."""

    jobs_at_once: int = 8
    """Jobs that are sent for at the same time; each has one request under way at most."""

    failing_at_once: int = 4
    """Of these, jobs whose last try failed, so that they leave room for the others."""

    progress_interval: float = 1.0
    """Between two progress updates of a job at least …"""

    progress_step: float = 2.0
    """… where the progress has moved by this much; …"""

    sign_of_life_interval: float = 10.0
    """… and where it has not, at most this long."""

    backoff: RetryPolicy = field(default_factory=lambda: RetryPolicy(max_delay=5.0))
    """Between two tries while Convex cannot be reached or has trouble."""

    unexpected_backoff: RetryPolicy = field(
        default_factory=lambda: RetryPolicy(base_delay=5.0, max_delay=60.0)
    )
    """Between two tries while something else than the endpoint answers: a person must see to it."""

    pause: float = 60.0
    """Before the key is tried again that the deployment does not know."""

    missing_for: float = 600.0
    """How long a job may be unknown to Convex: its page may not have made the row yet."""

    longest_wait: float = 600.0
    """The most that a `Retry-After` is honoured for."""

    request_bytes: int = MAX_REQUEST_BYTES
    """A larger update is sent in pieces."""

    refresh_interval: float = 2.0
    """Between two looks at whether the command line has changed the file."""

    stop_grace: float = 5.0
    """For requests under way when the sender stops."""
