"""What a client of the endpoint decides, without a socket and without a pause of its own.

`ConvexClient` and `SyncConvexClient` are two thin shells around it.
"""

import json
import logging
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from .client_settings import load_client_settings
from .endpoint import given_site_url
from .errors import ConfigurationError, ConvexError, UnavailableError, UnexpectedAnswerError
from .models import JobUpdate, UpdateOutcome
from .retry import RetryPolicy, delay

UPDATE_PATH = "/updateTranscriptionJob"
BATCH_PATH = "/updateTranscriptionJobs"
HEALTH_PATH = "/health"

# Seconds that an idle connection is kept: longer than a job's signs of life are apart.
KEEP_ALIVE = 30.0

# Bytes a second that the slowest tolerable network takes; a large body gets that much more time.
_SLOWEST_UPLOAD = 64 * 1024
# Bytes of an answer; the endpoint's longest is a hundred refusals with twenty issues each.
_MAX_ANSWER_BYTES = 2 * 1024 * 1024

_log = logging.getLogger("transcription_worker.client")


class ClientCore:
    """The part that both clients share; their docstrings say what the arguments are."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        timeout: float = 5.0,
        retry: RetryPolicy | None = None,
        max_connections: int = 16,
        enabled: bool = True,
    ) -> None:
        if enabled and not api_key.strip():
            raise ConfigurationError("the API key is empty: set CONVEX_API_KEY")
        self._base_url = given_site_url(base_url, name="base_url") if enabled else ""
        self._retry = retry or RetryPolicy()
        self._timeout = timeout
        self._max_connections = max_connections
        self._enabled = enabled
        self._headers = {
            "Authorization": f"Bearer {api_key.strip()}",
            "Accept-Encoding": "identity",
            "User-Agent": "transcription-worker",
        }
        self._open()

    @classmethod
    def from_env(cls) -> Self:
        """A client configured by `CONVEX_*` in the environment and in `.env`.

        Raises `ConfigurationError`, whose message says what to set and where to get it.
        """
        settings = load_client_settings()
        if not settings.convex_sync_enabled:
            return cls("", "", enabled=False)
        url, key = settings.require_endpoint()
        return cls(url, key, timeout=settings.convex_timeout)

    def _open(self) -> None:
        raise NotImplementedError

    def _deadline(self, content: bytes | None) -> float:
        """Seconds for one exchange from its beginning to its end."""
        return self._timeout + len(content or b"") / _SLOWEST_UPLOAD


@dataclass(slots=True)
class AnswerReader:
    """Puts an answer together; raises `UnexpectedAnswerError` where it is none of the endpoint."""

    status: int
    headers: Mapping[str, str]
    body: bytearray = field(default_factory=bytearray)

    def add(self, chunk: bytes) -> None:
        """Takes the next bytes of the body."""
        self.body += chunk
        if len(self.body) > _MAX_ANSWER_BYTES:
            raise UnexpectedAnswerError(
                "the answer is too long to be the endpoint's", status=self.status
            )

    def whole(self) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body, once nothing follows."""
        return self.status, self.headers, bytes(self.body)


class Delivery:
    """The tries of one update: `begin`, send, then `failed` or `accepted`."""

    def __init__(self, update: JobUpdate, policy: RetryPolicy) -> None:
        self._content = json.dumps(
            update.to_wire(), ensure_ascii=False, allow_nan=False, separators=(",", ":")
        ).encode()
        self._policy = policy
        self._fields: dict[str, Any] = {
            "job_id": update.job_id,
            "sequence": update.sequence,
            "job_attempt": update.attempt,
        }
        self._tries = 0
        self._began = 0.0

    def begin(self) -> bytes:
        """Begins a try; the body to send."""
        self._tries += 1
        self._began = time.monotonic()
        return self._content

    def failed(self, error: ConvexError) -> float:
        """Seconds until the next try. Raises the error where there is none."""
        pause = self._pause_after(error)
        event = "update_failed" if pause is None else "update_retry"
        self._log(event, error=error, retry_in=pause)
        if pause is not None:
            return pause
        if isinstance(error, UnavailableError):
            error.attempts = self._tries
        raise error

    def accepted(self, outcome: UpdateOutcome) -> UpdateOutcome:
        """Ends the delivery; gives the outcome back."""
        self._log("update_accepted", outcome=outcome)
        return outcome

    def _pause_after(self, error: ConvexError) -> float | None:
        if not isinstance(error, UnavailableError) or self._tries > self._policy.retries:
            return None
        if (error.retry_after or 0) > self._policy.max_retry_after:
            return None
        chance = random.random()  # noqa: S311 - jitter
        return delay(self._policy, self._tries, chance, error.retry_after)

    def _log(self, event: str, **fields: Any) -> None:
        log_attempt(event, began=self._began, attempt=self._tries, **fields, **self._fields)


def too_late(deadline: float) -> UnavailableError:
    """No whole answer came in these seconds."""
    return UnavailableError(f"no answer within {deadline:.1f} s")


def no_answer(error: Exception, *, unreachable: bool) -> UnavailableError:
    """The connection failed, or could not be made (`unreachable`)."""
    return UnavailableError(
        f"{type(error).__name__}: {error}".rstrip(": "), unreachable=unreachable
    )


def not_sent(update: JobUpdate) -> UpdateOutcome:
    """The outcome where sending is turned off."""
    return UpdateOutcome(
        outcome="disabled",
        status=update.status,
        progress=update.progress or 0.0,
        attempt=update.attempt,
        sequence=update.sequence,
    )


def log_attempt(
    event: str,
    *,
    began: float,
    attempt: int,
    outcome: UpdateOutcome | None = None,
    error: ConvexError | None = None,
    **fields: Any,
) -> None:
    """Logs how one try ended; `began` is its start by `time.monotonic`."""
    fields |= {"attempt": attempt, "ms": round((time.monotonic() - began) * 1000, 1)}
    if error is None:
        status = outcome and {"outcome": outcome.outcome, "job_status": outcome.status.value}
        _log.debug(event, extra={"status_code": 200, **fields, **(status or {})})
        return
    fields |= {"status_code": error.status, "code": error.code, "error": error.message}
    if event == "update_retry":
        _log.warning(event, extra=fields)
    else:
        _log.error(event, extra=fields)
