"""The client of `POST /updateTranscriptionJob`; beside the openai engine the only user of httpx."""

import asyncio
import json
import logging
import random
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from .answers import check_health, read_outcome
from .endpoint import site_url
from .errors import ConfigurationError, ConvexError, UnavailableError, UnexpectedAnswerError
from .models import JobUpdate, UpdateOutcome
from .retry import RetryPolicy, delay
from .settings import load_settings

UPDATE_PATH = "/updateTranscriptionJob"
HEALTH_PATH = "/health"

# Bytes a second that the slowest tolerable network takes; a large body gets that much more time.
_SLOWEST_UPLOAD = 64 * 1024
# Bytes of an answer; the endpoint's own have a few hundred.
_MAX_ANSWER_BYTES = 256 * 1024
# Seconds that an idle connection is kept: longer than a job's signs of life are apart.
_KEEP_ALIVE = 30.0

_log = logging.getLogger("transcription_worker.client")


class ConvexClient:
    """Reports the state of transcription jobs to a Convex deployment.

    One pooled connection for its lifetime: use it as a context manager or call `aclose`.
    `base_url` is the deployment's (see `site_url`), `timeout` the seconds that one try may take,
    with more for large bodies. With `enabled=False` updates are checked and not sent.
    Raises `ConfigurationError` for a malformed address or a missing key.
    """

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
        self._retry = retry or RetryPolicy()
        self._timeout = timeout
        self._enabled = enabled
        self._http = httpx.AsyncClient(
            base_url=site_url(base_url) if enabled else "",
            headers={
                "Authorization": f"Bearer {api_key.strip()}",
                "Accept-Encoding": "identity",
                "User-Agent": "transcription-worker",
            },
            # The whole exchange has a deadline of its own, see `exchange`.
            timeout=httpx.Timeout(None, connect=timeout),
            limits=httpx.Limits(
                max_connections=max_connections,
                max_keepalive_connections=max_connections,
                keepalive_expiry=_KEEP_ALIVE,
            ),
            # A redirect would carry the key to wherever it points.
            follow_redirects=False,
        )

    @classmethod
    def from_env(cls) -> Self:
        """A client configured by the environment and `.env`.

        Raises `ConfigurationError`, whose message says what to set and where to get it.
        """
        settings = load_settings()
        if not settings.convex_sync_enabled:
            return cls("", "", enabled=False)
        url, key = settings.require_endpoint()
        return cls(url, key, timeout=settings.convex_timeout)

    async def update_job_status(self, update: JobUpdate | Mapping[str, object]) -> UpdateOutcome:
        """Sends one update and says what became of it, trying again where that can help.

        Raises `ValidationError` for what is no valid update (before anything is sent),
        `AuthenticationError`, `UserMismatchError`, `JobNotFoundError`, `SegmentGapError` and
        `UnexpectedAnswerError` at once, and `UnavailableError` after the last retry.
        """
        update = JobUpdate.parse(update)
        if not self._enabled:
            return _not_sent(update)
        content = json.dumps(
            update.to_wire(), ensure_ascii=False, allow_nan=False, separators=(",", ":")
        ).encode()
        fields: dict[str, Any] = {
            "job_id": update.job_id,
            "sequence": update.sequence,
            "job_attempt": update.attempt,
        }
        attempt = 0
        while True:
            attempt += 1
            began = time.monotonic()
            try:
                outcome = await self.send_once(content)
            except ConvexError as error:
                pause = self._pause_after(error, attempt)
                log_attempt(
                    "update_failed" if pause is None else "update_retry",
                    began=began,
                    attempt=attempt,
                    error=error,
                    retry_in=pause,
                    **fields,
                )
                if pause is None:
                    if isinstance(error, UnavailableError):
                        error.attempts = attempt
                    raise
            else:
                log_attempt(
                    "update_accepted", began=began, attempt=attempt, outcome=outcome, **fields
                )
                return outcome
            await asyncio.sleep(pause)

    async def send_once(self, content: bytes) -> UpdateOutcome:
        """Sends a body that is JSON already, once. Raises as `update_job_status` does."""
        status, headers, body = await self.exchange("POST", UPDATE_PATH, content)
        return read_outcome(status, headers, body)

    async def health(self) -> None:
        """Whether address and key are right: returns if so, else raises as the update does."""
        if self._enabled:
            check_health(*await self.exchange("GET", HEALTH_PATH, None))

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def exchange(
        self, method: str, path: str, content: bytes | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        """One request as it is: the answer's status, headers and body. Raises `ConvexError`."""
        headers = {} if content is None else {"Content-Type": "application/json"}
        # httpx limits the time between two bytes; a server that drips them would hold us for ever.
        deadline = self._timeout + len(content or b"") / _SLOWEST_UPLOAD
        try:
            async with (
                asyncio.timeout(deadline),
                self._http.stream(method, path, content=content, headers=headers) as response,
            ):
                body = b""
                async for chunk in response.aiter_raw():
                    body += chunk
                    if len(body) > _MAX_ANSWER_BYTES:
                        raise UnexpectedAnswerError(
                            "the answer is too long to be the endpoint's",
                            status=response.status_code,
                        )
                return response.status_code, response.headers, body
        except TimeoutError:
            raise UnavailableError(f"no answer within {deadline:.1f} s") from None
        except httpx.HTTPError as error:
            unreachable = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            raise UnavailableError(
                f"{type(error).__name__}: {error}".rstrip(": "), unreachable=unreachable
            ) from None

    def _pause_after(self, error: ConvexError, attempt: int) -> float | None:
        """Seconds until the next try, `None` where there is none."""
        if not isinstance(error, UnavailableError) or attempt > self._retry.retries:
            return None
        if (error.retry_after or 0) > self._retry.max_retry_after:
            return None
        return delay(self._retry, attempt, random.random(), error.retry_after)  # noqa: S311 - jitter


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
        _log.info(event, extra={"status_code": 200, **fields, **(status or {})})
        return
    fields |= {"status_code": error.status, "code": error.code, "error": error.message}
    if event == "update_retry":
        _log.warning(event, extra=fields)
    else:
        _log.error(event, extra=fields)


def _not_sent(update: JobUpdate) -> UpdateOutcome:
    return UpdateOutcome(
        outcome="disabled",
        status=update.status,
        progress=update.progress or 0.0,
        attempt=update.attempt,
        sequence=update.sequence,
    )
