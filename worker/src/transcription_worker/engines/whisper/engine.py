"""Whisper by faster-whisper, in a process of its own for each job."""

import logging
import signal
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path

from ...audio import PcmAudio
from ...children import ChildCrashedError, run_child
from ...errors import ConfigurationError
from ...limits import MAX_MODEL_LENGTH
from ...models import Segment
from ...text import cut_utf16, to_storable
from ..base import Engine, EngineError, EngineEvent, TranscriptionOptions, UnsupportedOptionError
from ..languages import whisper_code
from .models import (
    MODEL_FILES,
    REPOSITORIES,
    ModelStore,
    ModelUnavailableError,
    is_folder_name,
    is_model,
    repository,
)
from .task import Task

_CHILD = "transcription_worker.engines.whisper.child"
# Seconds. A large model may take minutes for half a minute of sound on a small machine, and says
# nothing meanwhile.
_QUIET_LIMIT = 1_800.0

_log = logging.getLogger("transcription_worker.engine.whisper")


@dataclass(frozen=True, slots=True)
class WhisperOptions:
    """`model` is a name such as `base`, a repository of the Hugging Face Hub, or a folder.

    Models are downloaded to a folder of their own in `models_folder`, unless `offline`.
    """

    models_folder: Path
    model: str = "base"
    offline: bool = False


class WhisperEngine:
    """Understands a hundred languages; needs no key, and a network for its first job only.

    Where the model cannot be had, `fallback` transcribes in its place. Raises `ConfigurationError`
    for a model that cannot be.
    """

    def __init__(self, options: WhisperOptions, fallback: Engine | None = None) -> None:
        self._model = _checked(options.model)
        self._models = ModelStore(options.models_folder, options.offline)
        self._fallback = fallback
        self._lacking: str | None = None
        try:
            self._models.check(self._model)
        except ModelUnavailableError as error:
            if fallback is None:
                raise ConfigurationError(str(error)) from None
            self._lack(error, fallback)

    @property
    def name(self) -> str:
        """`whisper`, or the name of the engine that is used instead."""
        if self._lacking is not None and self._fallback is not None:
            return self._fallback.name
        return "whisper"

    @property
    def status(self) -> str | None:
        """How far the model's download is, or why there is no model."""
        return self._models.status or self._lacking

    def check(self, options: TranscriptionOptions) -> None:
        """Refuses languages that Whisper does not know and models that are not here."""
        model = options.model or self._model
        if model != self._model and (is_folder_name(model) or self._models.find(model) is None):
            raise UnsupportedOptionError(
                "model", f"This worker has the Whisper model {self._model}."
            )
        if options.language is None:
            return
        language = whisper_code(options.language)
        if language is None:
            raise UnsupportedOptionError(
                "language", "Whisper does not know this language: give a code such as en."
            )
        if model.endswith(".en") and language != "en":
            raise UnsupportedOptionError("language", f"The model {model} knows English only.")

    def model_name(self, options: TranscriptionOptions) -> str:
        """The engine and the model asked for, else the one of the settings."""
        model = options.model or self._model
        if self._fallback is not None and self._lacking is not None and model == self._model:
            return self._fallback.model_name(replace(options, model=None))
        name = Path(model).name if is_folder_name(model) else model
        return cut_utf16(to_storable(f"whisper {name}"), MAX_MODEL_LENGTH)

    async def transcribe(
        self, audio: PcmAudio, options: TranscriptionOptions
    ) -> AsyncGenerator[EngineEvent]:
        """Transcribes in a child process; the first job downloads. See `Engine.transcribe`."""
        self.check(options)
        try:
            async with aclosing(self._models.fetch(options.model or self._model)) as texts:
                async for text in texts:
                    yield EngineEvent(0.0, outage=text)
        except ModelUnavailableError as error:
            events = self._instead(error, audio, options)
        else:
            events = self._listen(audio, options)
        async with aclosing(events):
            async for event in events:
                yield event

    async def close(self) -> None:
        """Stops a download."""
        await self._models.close()

    async def _listen(
        self, audio: PcmAudio, options: TranscriptionOptions
    ) -> AsyncGenerator[EngineEvent]:
        task = self._task(audio, options)
        fraction, language = 0.0, task.language
        try:
            child = run_child(_CHILD, task.to_json(), quiet_limit=_QUIET_LIMIT)
            async with aclosing(child) as said:
                async for message in said:
                    segments: tuple[Segment, ...] = ()
                    match message:
                        case {"error": {"code": code, "message": text}}:
                            if code == UnsupportedOptionError.code:
                                raise UnsupportedOptionError("language", text)
                            raise EngineError(text, code)
                        case {"language": str(heard)}:
                            language = heard
                        case {"segment": found}:
                            segments = (Segment.model_validate(found),)
                            fraction = max(fraction, segments[0].end / audio.duration)
                        case {"seconds": seconds}:
                            fraction = max(fraction, seconds / audio.duration)
                    yield EngineEvent(min(1.0, fraction), segments, language)
        except ChildCrashedError as error:
            _log.error("whisper_crashed", extra={"error": str(error)})
            raise EngineError(_why(error), "engine_crashed") from error

    def _task(self, audio: PcmAudio, options: TranscriptionOptions) -> Task:
        model = options.model or self._model
        if model == self._model:
            self._lacking = None
        return Task(
            model=str(self._models.find(model)),
            pcm=str(audio.path),
            language=whisper_code(options.language) if options.language else None,
            word_times=options.word_times,
            temperature=options.temperature,
            initial_prompt=options.initial_prompt,
            hotwords=options.hotwords,
        )

    def _instead(
        self, error: ModelUnavailableError, audio: PcmAudio, options: TranscriptionOptions
    ) -> AsyncGenerator[EngineEvent]:
        """The other engine's transcription. Raises `EngineError` where it cannot do this job."""
        if self._fallback is None:
            self._lacking = str(error)
            raise EngineError(str(error), "engine_unavailable") from error
        self._lack(error, self._fallback)
        options = replace(options, model=None)
        try:
            self._fallback.check(options)
        except UnsupportedOptionError as refusal:
            raise EngineError(f"{refusal} {error}", "engine_unavailable") from error
        return self._fallback.transcribe(audio, options)

    def _lack(self, error: ModelUnavailableError, fallback: Engine) -> None:
        self._lacking = f"{error} Until then, {fallback.name} is used."
        extra = {"model": self._model, "error": str(error), "instead": fallback.name}
        _log.warning("whisper_model_unavailable", extra=extra)


def _checked(model: str) -> str:
    """The model, where it can be one. Raises `ConfigurationError`."""
    if is_folder_name(model):
        if not is_model(Path(model).expanduser()):
            raise ConfigurationError(
                f"WHISPER_MODEL: the folder {model} holds no Whisper model in CTranslate2's form"
                f" ({', '.join(MODEL_FILES)})."
            )
    elif repository(model) is None:
        raise ConfigurationError(
            f"WHISPER_MODEL: there is no model {model}: give one of {', '.join(REPOSITORIES)}, a"
            " repository of the Hugging Face Hub (owner/name), or a folder (./name or /name)."
        )
    return model


def _why(error: ChildCrashedError) -> str:
    if error.code == -signal.SIGKILL:
        return (
            "The speech engine was killed: memory ran out (a smaller WHISPER_MODEL takes less), or"
            " it hung."
        )
    return "The speech engine stopped unexpectedly."
