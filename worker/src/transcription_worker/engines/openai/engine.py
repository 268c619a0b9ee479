"""The engine that lets a service listen."""

import asyncio
from collections.abc import AsyncGenerator

from ...audio import PcmAudio, Piece, cut_at_silences
from ..base import EngineEvent, TranscriptionOptions
from .flac import longest_piece, to_flac
from .options import OpenAIOptions
from .service import TranscriptionService
from .verbose_json import to_segments

# Bytes of a request beside the file: the form's fields and the lines between them.
_FORM_BYTES = 64 * 1024
# Characters of the transcript so far that a piece is told, so that names and style stay the same;
# Whisper reads the last 224 tokens of its prompt.
_CONTEXT = 400


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
        language, text = options.language, ""
        for piece in await asyncio.to_thread(cut_at_silences, audio, self._piece_seconds):
            flac = await asyncio.to_thread(_encode, audio, piece)
            answer = await self._service.transcribe(flac, self._form(options, text))
            language = language or answer.language_name
            segments = to_segments(answer, piece.offset, piece.duration, options.word_times)
            text = " ".join([text, *(segment.text for segment in segments)])[-_CONTEXT:]
            yield EngineEvent(piece.end / audio.samples, segments, language)

    async def close(self) -> None:
        """Closes the connections to the service."""
        await self._service.close()

    def _form(self, options: TranscriptionOptions, context: str) -> dict[str, str | list[str]]:
        form: dict[str, str | list[str]] = {
            "model": self.model_name(options),
            "response_format": "verbose_json",
        }
        # The service takes a code such as `en`, and answers with a name such as `english`.
        if options.language is not None:
            form["language"] = options.language
        if options.temperature is not None:
            form["temperature"] = str(options.temperature)
        prompt = " ".join(filter(None, [options.initial_prompt, context.strip()]))
        if prompt:
            form["prompt"] = prompt
        if options.word_times:
            form["timestamp_granularities[]"] = ["segment", "word"]
        return form


def _encode(audio: PcmAudio, piece: Piece) -> bytes:
    return to_flac(audio.read(piece.start, piece.end))
