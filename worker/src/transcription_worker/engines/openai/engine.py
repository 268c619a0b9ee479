"""The engine that lets a service listen."""

import asyncio
import logging
import random
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from ...audio import PcmAudio, Piece, cut_at_silences
from ..base import EngineError, EngineEvent, TranscriptionOptions
from .flac import longest_piece, to_flac
from .outage import Patience
from .segments import to_segments
from .service import OpenAIOptions, OutageError, TranscriptionService
from .verbose_json import VerboseJson, read_answer

# Bytes of a request beside the file: the form's fields and the lines between them.
_FORM_BYTES = 64 * 1024
# Characters of the transcript so far that a piece is told, so that names and style stay the same;
# Whisper reads the last 224 tokens of its prompt.
_CONTEXT = 400
_log = logging.getLogger("transcription_worker.engine.openai")

_Form = dict[str, str | list[str]]


class OpenAIEngine:
    """Sends audio to an OpenAI-compatible service, cut at silences where it is long."""

    name = "openai"
    status: str | None = None

    def __init__(self, options: OpenAIOptions) -> None:
        self._options = options
        self._service = TranscriptionService(options)
        fitting = longest_piece(options.max_upload_bytes - _FORM_BYTES)
        self._piece_seconds = min(options.piece_seconds, fitting)

    def check(self, options: TranscriptionOptions) -> None:
        """Any option goes: what a service knows, only it knows."""

    def model_name(self, options: TranscriptionOptions) -> str:
        """The model asked for, else the one of the settings."""
        return options.model or self._options.model

    async def transcribe(
        self, audio: PcmAudio, options: TranscriptionOptions
    ) -> AsyncGenerator[EngineEvent]:
        """Transcribes piece by piece; see `Engine.transcribe`."""
        language, text, fraction = options.language, "", 0.0
        for piece in await asyncio.to_thread(cut_at_silences, audio, self._piece_seconds):
            flac = await asyncio.to_thread(_encode, audio, piece)
            async with aclosing(self._ask(flac, self._form(options, text))) as news:
                async for found in news:
                    if isinstance(found, str):
                        yield EngineEvent(fraction, (), language, outage=found)
                        continue
                    answer = _read(found, piece)
                    language = language or answer.language
                    segments = to_segments(answer, piece.offset, piece.duration, options.word_times)
                    text = " ".join([text, *(one.text for one in segments)])[-_CONTEXT:]
                    fraction = piece.end / audio.samples
                    yield EngineEvent(fraction, segments, language)

    async def _ask(self, flac: bytes, form: _Form) -> AsyncGenerator[str | dict[str, Any]]:
        """The service's answer, and before it, for each failure, what a person is to be told."""
        patience = Patience(self._options.retry, self._options.outage_seconds)
        while True:
            try:
                answer = await self._service.transcribe(flac, form)
            except OutageError as error:
                why, retry_after = f"The transcription service {error}", error.retry_after
            except EngineError:
                self.status = None
                raise
            else:
                self.status = None
                yield answer
                return
            chance = random.random()  # noqa: S311 - spreads retries, guards nothing
            pause = patience.pause(time.monotonic(), chance, retry_after)
            _log.warning("transcription_request_failed", extra={"why": why, "pause": pause})
            self.status = why
            if pause is None:
                limit = f"{self._options.outage_seconds / 60:g} minutes"
                raise EngineError(f"{why}, for more than {limit}.", "engine_unavailable")
            yield f"{why}; trying again"
            await asyncio.sleep(pause)

    async def close(self) -> None:
        """Closes the connections to the service."""
        await self._service.close()

    def _form(self, options: TranscriptionOptions, context: str) -> _Form:
        form: _Form = {
            "model": self.model_name(options),
            "response_format": "verbose_json",
        }
        # The service takes a code such as `en`, and answers with a name such as `english`.
        if options.language is not None:
            form["language"] = options.language
        if options.temperature is not None:
            form["temperature"] = str(options.temperature)
        prompt = " ".join(filter(None, [options.initial_prompt, options.hotwords, context.strip()]))
        if prompt:
            form["prompt"] = prompt
        if options.word_times:
            form["timestamp_granularities[]"] = ["segment", "word"]
        return form


def _encode(audio: PcmAudio, piece: Piece) -> bytes:
    return to_flac(audio.read(piece.start, piece.end))


def _read(found: dict[str, Any], piece: Piece) -> VerboseJson:
    answer = read_answer(found, piece.duration)
    if answer.repaired or answer.dropped:
        counts = {"repaired": answer.repaired, "dropped": answer.dropped}
        _log.warning("transcript_had_faults", extra=counts | {"at": piece.offset})
    return answer
