"""The outbox's numbers in one place."""

from dataclasses import dataclass

from ..limits import MAX_BATCH_UPDATES, MAX_REQUEST_BYTES


@dataclass(frozen=True, slots=True)
class OutboxSettings:
    """Times in seconds, progress in percent; the defaults are those of the README."""

    requests_at_once: int = 8
    """Requests that are under way at the same time; a job is in one of them at most."""

    failing_at_once: int = 4
    """Of these, for jobs whose last try failed, so that they leave room for the others."""

    batch_updates: int = MAX_BATCH_UPDATES
    """Updates that go out as one request at most; 1 turns batches off."""

    batch_window: float = 0.5
    """What is due within this time goes out with what is due now."""

    single_for: float = 600.0
    """How long updates go out one by one where the deployment takes no batches."""

    progress_interval: float = 1.0
    """Between two progress updates of a job at least …"""

    progress_step: float = 2.0
    """… where the progress has moved by this much; …"""

    sign_of_life_interval: float = 10.0
    """… and where it has not, at most this long."""

    first_pause: float = 0.5
    """After the first failure; each further one doubles it, up to …"""

    short_pause: float = 5.0
    """… this much in an outage, …"""

    longest_pause: float = 60.0
    """… and this much in a `long_outage`, for a defect of the endpoint, and for a `Retry-After`."""

    long_outage: float = 600.0
    """An outage that is no hiccup any more."""

    key_pauses: tuple[float, ...] = (1.0, 2.0, 5.0, 10.0, 30.0)
    """Before each further try of a key that the deployment does not know."""

    missing_for: float = 600.0
    """How long a job may be unknown to Convex: its page may not have made the row yet."""

    removed_after: float = 120.0
    """How long a job that Convex once knew must be missing to count as removed."""

    internal_tries: int = 10
    """Tries that an update has where they end in a defect of the endpoint, over at least …"""

    internal_for: float = 600.0
    """… this time."""

    foreign_for: float = 24 * 60 * 60.0
    """How long something else may refuse one update while it lets those of other jobs pass."""

    smallest_request: int = 4 * 1024
    """Nothing that knows what it says finds a request of less than this too large."""

    request_bytes: int = MAX_REQUEST_BYTES
    """A larger update is sent in pieces."""

    refresh_interval: float = 2.0
    """Between two looks at whether the command line has changed the file."""

    stop_grace: float = 4.0
    """For requests under way when the sender stops."""
