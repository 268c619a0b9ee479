"""One request to the service: what it said, or why there is nothing to read."""

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Any

import httpx

from ...errors import ConfigurationError
from ...retry import RetryPolicy, is_retried, parse_retry_after
from ..base import EngineError
from .verbose_json import parse_json

# Bytes of an answer: an hour of speech with its words takes 2 MB.
_MAX_ANSWER = 16 * 1024 * 1024
# Characters of the service's own words that a job's error quotes.
_QUOTED = 500
_CONNECT_SECONDS = 10.0
# A piece is a minute's work for the service, so that it is worth waiting for.
_PATIENT = RetryPolicy(base_delay=1.0, max_delay=30.0, max_retry_after=300.0)
_log = logging.getLogger("transcription_worker.engine.openai")


@dataclass(frozen=True, slots=True)
class OpenAIOptions:
    """Settings of the engine.

    `base_url` ends before `/audio/transcriptions`. `max_upload_bytes` is the largest file that the
    service takes. `piece_seconds`: longer audio is sent in pieces, so that its transcript grows
    while it is made. `timeout`: seconds that the service may take for one piece, from the first
    byte sent to the last one read. `outage_seconds`: how long a service that cannot answer is
    waited for, with the pauses of `retry` (whose `retries` do not count here).
    """

    base_url: str = "https://api.openai.com/v1"
    api_key: str = field(default="", repr=False)
    model: str = "whisper-1"
    max_upload_bytes: int = 25_000_000
    piece_seconds: float = 300.0
    timeout: float = 600.0
    outage_seconds: float = 3600.0
    retry: RetryPolicy = _PATIENT


class OutageError(Exception):
    """The service cannot answer now, but may later; the message follows on its name.

    `retry_after` is how many seconds it wants to be left alone, where it says so.
    """

    def __init__(self, why: str, retry_after: float | None = None) -> None:
        super().__init__(why)
        self.retry_after = retry_after


class TranscriptionService:
    """The service's `/audio/transcriptions`, over one pool of connections."""

    def __init__(self, options: OpenAIOptions) -> None:
        """Raises `ConfigurationError` where the address or the key cannot be used."""
        if not (options.api_key.isascii() and options.api_key.isprintable()):
            raise ConfigurationError("OPENAI_API_KEY holds characters that no header can carry.")
        self._timeout = options.timeout
        headers = {"Authorization": f"Bearer {options.api_key}"} if options.api_key else {}
        self._http = httpx.AsyncClient(
            base_url=_parse_url(options.base_url),
            # Compressed, a small answer could be any size.
            headers={"Accept-Encoding": "identity"} | headers,
            timeout=httpx.Timeout(options.timeout, connect=_CONNECT_SECONDS),
            # A redirect would carry the recording to wherever it points.
            follow_redirects=False,
        )

    async def transcribe(self, flac: bytes, form: dict[str, str | list[str]]) -> dict[str, Any]:
        """Sends one file; gives the answer's JSON object.

        Raises `OutageError` where it may be sent again, and `EngineError` where that cannot help;
        the latter's message is for the person who waits.
        """
        try:
            async with asyncio.timeout(self._timeout):
                status, headers, body = await self._exchange(flac, form)
        except (TimeoutError, httpx.ReadTimeout, httpx.WriteTimeout) as error:
            raise OutageError(f"did not answer within {self._timeout:g} seconds") from error
        except httpx.HTTPError as error:
            raise OutageError(f"cannot be reached ({type(error).__name__})") from error
        if 200 <= status <= 299:
            return _read(body)
        raise _failure(status, headers, body)

    async def _exchange(
        self, flac: bytes, form: dict[str, str | list[str]]
    ) -> tuple[int, httpx.Headers, bytes]:
        files = {"file": ("audio.flac", flac, "audio/flac")}
        request = self._http.stream("POST", "audio/transcriptions", data=form, files=files)
        async with request as response:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > _MAX_ANSWER:
                    if not response.is_success:
                        break
                    limit = f"{_MAX_ANSWER // 1024**2} MiB"
                    raise EngineError(f"The transcription service answered more than {limit}.")
            return response.status_code, response.headers, bytes(body)

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()


def _parse_url(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text.rstrip("/") + "/")
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in ("http", "https") or not url.host:
        raise ConfigurationError(
            "OPENAI_BASE_URL must be an address such as http://127.0.0.1:8001/v1."
        )
    return url


def _read(body: bytes) -> dict[str, Any]:
    """The answer to a request that succeeded, or is said to have."""
    if not body.strip():
        raise OutageError("gave an empty answer")
    try:
        answer = parse_json(body)
    except ValueError:
        answer = None
    if isinstance(answer, dict):
        if any(answer.get(key) is not None for key in ("text", "segments", "words")):
            return answer
        if (error := _Problem.read(answer)).message:
            if error.code == "insufficient_quota":
                raise _refusal(200, error)
            _log.warning("transcription_service_error", extra={"why": error.message})
            raise OutageError("answered with an error")
    raise EngineError(
        "The transcription service answered with no verbose_json; the worker's OPENAI_BASE_URL and"
        " OPENAI_MODEL must name one that does."
    )


def _failure(status: int, headers: httpx.Headers, body: bytes) -> Exception:
    try:
        error = _Problem.read(parse_json(body))
    except ValueError:
        error = _Problem()
    # 409 is what OpenAI's own clients try again: another request held a lock.
    if (is_retried(status) or status == 409) and error.code != "insufficient_quota":
        retry_after = parse_retry_after(headers.get("Retry-After"), date=headers.get("Date"))
        return OutageError(f"answered {status}", retry_after)
    return _refusal(status, error)


@dataclass(frozen=True, slots=True)
class _Problem:
    """What a service says about an error."""

    message: str = ""
    code: str = ""

    @classmethod
    def read(cls, answer: object) -> "_Problem":
        """From OpenAI's `error` object, from whisper.cpp's string, or from the top level."""
        if not isinstance(answer, dict):
            return cls()
        error = answer.get("error")
        if isinstance(error, str):
            return cls(error)
        source = error if isinstance(error, dict) else answer
        texts = (source.get(key) for key in ("message", "detail", "error", "type"))
        message = next((text for text in texts if isinstance(text, str) and text), "")
        code = source.get("code")
        return cls(message, code if isinstance(code, str) else "")


def _refusal(status: int, error: _Problem) -> EngineError:
    """What to tell a person about an answer that no retry can change."""
    if status in (401, 403):
        # The service's own message quotes a part of the key.
        message = f"The transcription service refused the worker's API key ({status})."
    else:
        quoted = f": {error.message[:_QUOTED]}" if error.message else "."
        message = f"The transcription service refused the audio ({status}){quoted}"
    return EngineError(message, "engine_refused")
