"""One request to the service, tried again where that can help."""

import asyncio
import logging
import random
from types import TracebackType
from typing import Self

import httpx
import pydantic

from ...retry import delay, is_retried, parse_retry_after
from ..base import EngineError
from .options import OpenAIOptions
from .verbose_json import VerboseJson

# Characters of the service's own words that a job's error quotes.
_QUOTED = 500
_log = logging.getLogger("transcription_worker.engine.openai")


class TranscriptionService:
    """The service's `/audio/transcriptions`, over one pool of connections."""

    def __init__(self, options: OpenAIOptions) -> None:
        self._options = options
        self._http = httpx.AsyncClient(
            base_url=options.base_url.rstrip("/") + "/",
            headers={"Authorization": f"Bearer {options.api_key}"} if options.api_key else {},
            timeout=httpx.Timeout(options.timeout, connect=10.0),
            # A redirect would carry the recording to wherever it points.
            follow_redirects=False,
        )

    async def transcribe(self, flac: bytes, form: dict[str, str | list[str]]) -> VerboseJson:
        """Sends one file. Raises `EngineError`, whose message is for the person who waits."""
        failures = 0
        while True:
            try:
                response = await self._http.post(
                    "audio/transcriptions",
                    data=form,
                    files={"file": ("audio.flac", flac, "audio/flac")},
                )
            except httpx.HTTPError as error:
                why, retry_after = f"cannot be reached ({type(error).__name__})", None
            else:
                if response.is_success:
                    return _read(response)
                if not is_retried(response.status_code) or _code(response) == "insufficient_quota":
                    raise EngineError(refusal(response))
                why = f"answered {response.status_code}"
                retry_after = parse_retry_after(
                    response.headers.get("Retry-After"), date=response.headers.get("Date")
                )
            failures += 1
            retry = self._options.retry
            _log.warning("transcription_request_failed", extra={"why": why, "failures": failures})
            if failures > retry.retries or (retry_after or 0) > retry.max_retry_after:
                raise EngineError(f"The transcription service {why}, {failures} times in a row.")
            chance = random.random()  # noqa: S311 - spreads retries, guards nothing
            await asyncio.sleep(delay(retry, failures, chance, retry_after))

    async def close(self) -> None:
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
        await self.close()


def refusal(response: httpx.Response) -> str:
    """What to tell a person about an answer that no retry can change."""
    status = response.status_code
    if status in (401, 403):
        # The service's own message quotes a part of the key.
        return f"The transcription service refused the worker's API key ({status})."
    detail = _error(response).get("message")
    quoted = f": {detail[:_QUOTED]}" if isinstance(detail, str) else "."
    return f"The transcription service refused the audio ({status}){quoted}"


def _read(response: httpx.Response) -> VerboseJson:
    try:
        return VerboseJson.model_validate_json(response.content)
    except pydantic.ValidationError as error:
        raise EngineError("The transcription service answered with no verbose_json.") from error


def _code(response: httpx.Response) -> object:
    return _error(response).get("code")


def _error(response: httpx.Response) -> dict[str, object]:
    try:
        body = response.json()
    except ValueError:
        return {}
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}
