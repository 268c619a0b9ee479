"""What every speech engine does."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from ..audio import PcmAudio
from ..models import Segment


@dataclass(frozen=True, slots=True)
class TranscriptionOptions:
    """What the person who uploaded the file wishes; `None` leaves it to the engine.

    `language` is that of the speech, such as `en`; `model` one that the engine knows; `word_times`
    whether segments carry their words with their times; `temperature` how freely the engine
    guesses, 0 to 1; `initial_prompt` words to expect, such as names; `hotwords` words to favour.
    """

    language: str | None = None
    model: str | None = None
    word_times: bool = True
    temperature: float | None = None
    initial_prompt: str | None = None
    hotwords: str | None = None


@dataclass(frozen=True, slots=True)
class EngineEvent:
    """News of a transcription.

    `fraction` is how much of the audio is done, 0 to 1, never falling; `segments` are those that
    are new since the last event, and final; `language` is as the engine heard it, once it knows.
    `outage` says, for the person who waits, why nothing goes on at the moment: the engine waits for
    something outside of it. `None`: all is well.
    """

    fraction: float
    segments: tuple[Segment, ...] = ()
    language: str | None = None
    outage: str | None = None


class EngineError(Exception):
    """The engine cannot transcribe this audio.

    The message is for the person who sent it, `code` for programs (`errorCode` on Convex).
    """

    code = "engine_failed"

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code or self.code


class UnsupportedOptionError(EngineError):
    """The engine cannot do what the options ask for; `option` is the one that it cannot."""

    code = "unsupported_option"

    def __init__(self, option: str, message: str) -> None:
        super().__init__(message)
        self.option = option


class Engine(Protocol):
    """Decoded audio in, progress and segments out."""

    @property
    def name(self) -> str:
        """The engine's name, as in the settings."""

    @property
    def status(self) -> str | None:
        """What keeps the engine from working at the moment, for `GET /health`; `None`: nothing."""

    def check(self, options: TranscriptionOptions) -> None:
        """Raises `UnsupportedOptionError` for what the engine cannot do, before a file is taken."""

    def model_name(self, options: TranscriptionOptions) -> str:
        """The model that transcribes with these options, for `result.model`."""

    def transcribe(
        self, audio: PcmAudio, options: TranscriptionOptions
    ) -> AsyncGenerator[EngineEvent]:
        """Transcribes, telling segments as they are found.

        Closing the generator, or cancelling the task that reads it, stops the work at once. Raises
        `EngineError` where the audio cannot be transcribed.
        """

    async def close(self) -> None:
        """Gives back what the engine holds, such as connections."""
