"""CMU PocketSphinx, in a process of its own for each job."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from ...audio import PcmAudio
from ...children import ChildCrashedError, run_child
from ...models import Segment
from ..base import EngineError, EngineEvent, TranscriptionOptions, UnsupportedOptionError

_CHILD = "transcription_worker.engines.pocketsphinx.child"
_MODEL = "en-us"


class PocketsphinxEngine:
    """Understands clear English; needs no network, no key and no graphics card."""

    name = "pocketsphinx"
    status: str | None = None

    def check(self, options: TranscriptionOptions) -> None:
        """Refuses languages and models that it does not have; see `Engine.check`."""
        language = (options.language or "en").lower().replace("_", "-")
        if language.split("-")[0] not in ("en", "english"):
            raise UnsupportedOptionError("language", "The pocketsphinx engine knows English only.")
        if options.model not in (None, _MODEL):
            raise UnsupportedOptionError(
                "model", f"The pocketsphinx engine has one model, {_MODEL}."
            )

    def model_name(self, options: TranscriptionOptions) -> str:
        """The engine and its one model."""
        return f"{self.name} {_MODEL}"

    async def transcribe(
        self, audio: PcmAudio, options: TranscriptionOptions
    ) -> AsyncGenerator[EngineEvent]:
        """Transcribes in a child process; see `Engine.transcribe`."""
        fraction = 0.0
        child = run_child(_CHILD, str(audio.path), "1" if options.word_times else "0")
        try:
            async with aclosing(child) as said:
                async for message in said:
                    if "segment" in message:
                        segment = Segment.model_validate(message["segment"])
                        yield EngineEvent(fraction, (segment,), "en")
                    else:
                        fraction = min(1.0, message["seconds"] / audio.duration)
                        yield EngineEvent(fraction, (), "en")
        except ChildCrashedError as error:
            raise EngineError(
                "The speech engine stopped unexpectedly.", "engine_crashed"
            ) from error

    async def close(self) -> None:
        """Nothing is held: each job's process ends with the job."""
