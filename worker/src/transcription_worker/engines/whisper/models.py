"""Whisper's models on the disk, and how they get there."""

import asyncio
import logging
import re
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

from ...children import ChildCrashedError, run_child

_CHILD = "transcription_worker.engines.whisper.download"

# The names that faster-whisper knows, and where they are on the Hugging Face Hub.
REPOSITORIES = {
    "tiny.en": "Systran/faster-whisper-tiny.en",
    "tiny": "Systran/faster-whisper-tiny",
    "base.en": "Systran/faster-whisper-base.en",
    "base": "Systran/faster-whisper-base",
    "small.en": "Systran/faster-whisper-small.en",
    "small": "Systran/faster-whisper-small",
    "medium.en": "Systran/faster-whisper-medium.en",
    "medium": "Systran/faster-whisper-medium",
    "large-v1": "Systran/faster-whisper-large-v1",
    "large-v2": "Systran/faster-whisper-large-v2",
    "large-v3": "Systran/faster-whisper-large-v3",
    "large": "Systran/faster-whisper-large-v3",
    "distil-large-v2": "Systran/faster-distil-whisper-large-v2",
    "distil-medium.en": "Systran/faster-distil-whisper-medium.en",
    "distil-small.en": "Systran/faster-distil-whisper-small.en",
    "distil-large-v3": "Systran/faster-distil-whisper-large-v3",
    "distil-large-v3.5": "distil-whisper/distil-large-v3.5-ct2",
    "large-v3-turbo": "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
    "turbo": "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
}
_REPOSITORY = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
# A model's files. Without its tokenizer, a model would send for one behind our back.
MODEL_FILES = ("config.json", "model.bin", "tokenizer.json")
# Seconds without a byte after which a download has failed …
_QUIET_LIMIT = 120.0
# … and during which it is not tried again: until then, each job would wait for the same failure.
_PAUSE = 300.0
# A log line comes after so many percent, or seconds in which there was any progress.
_PERCENT_BETWEEN_LOGS = 10
_SECONDS_BETWEEN_LOGS = 5.0

_log = logging.getLogger("transcription_worker.engine.whisper")


class ModelUnavailableError(Exception):
    """A model is not there and cannot be had; the message says why and what to do."""


def is_model(folder: Path) -> bool:
    """Whether a folder holds a Whisper model in CTranslate2's form."""
    return all((folder / name).is_file() for name in MODEL_FILES)


def is_folder_name(model: str) -> bool:
    """Whether a model's name means a folder rather than a download."""
    return model.startswith((".", "/", "~", "\\")) or Path(model).is_absolute()


def repository(model: str) -> str | None:
    """Where a model is on the hub: by its name, or `owner/name` itself; `None` for neither."""
    if model in REPOSITORIES:
        return REPOSITORIES[model]
    return model if _REPOSITORY.fullmatch(model) else None


class ModelStore:
    """The models of one folder, each in a folder of its own; `offline`: nothing is downloaded.

    Messages call the folder `DATA_DIR/models`: pages show them, which need not know its path.
    """

    def __init__(self, folder: Path, offline: bool = False) -> None:
        self._folder = folder
        self._offline = offline
        self._downloads: dict[str, _Download] = {}
        self._failures: dict[str, tuple[float, ModelUnavailableError]] = {}

    @property
    def status(self) -> str | None:
        """What is being downloaded, and how far it is."""
        return next((download.text for download in self._downloads.values()), None)

    def find(self, model: str) -> Path | None:
        """The folder of a model that is here, whole."""
        folder = Path(model).expanduser() if is_folder_name(model) else self._path(model)
        return folder if is_model(folder) else None

    def check(self, model: str) -> None:
        """Raises `ModelUnavailableError` where a model is not here and may not be downloaded."""
        if self.find(model) is not None:
            return
        if is_folder_name(model):
            raise ModelUnavailableError(f"The folder {model} holds no Whisper model any more.")
        if self._offline:
            raise ModelUnavailableError(
                f"The speech model {model} is not in DATA_DIR/models/{self._path(model).name}, and"
                " WHISPER_OFFLINE forbids to download it: start once without, or copy the model's"
                " files there."
            )

    async def fetch(self, model: str) -> AsyncGenerator[str]:
        """Downloads a model that is not here yet; gives texts that say how far it is.

        All that ask for a model share one download, which goes on when they no longer wait. Raises
        `ModelUnavailableError`, for some minutes without trying again.
        """
        if self.find(model) is not None:
            return
        self.check(model)
        failed_at, error = self._failures.get(model, (0.0, None))
        if error is not None and time.monotonic() - failed_at < _PAUSE:
            raise error
        download = self._downloads.get(model)
        if download is None:
            download = self._downloads[model] = _Download(model, self._path(model))
            download.task.add_done_callback(lambda task: self._end(model, task))
        text = None
        while not download.task.done():
            if text != download.text:
                text = download.text
                yield text
            await asyncio.wait([download.task], timeout=0.5)
        # The exception is shared with others that wait: each raises one of its own.
        if (failure := download.task.exception()) is not None:
            raise ModelUnavailableError(str(failure)) from failure

    async def close(self) -> None:
        """Stops downloads; the next try keeps the files that they have finished."""
        tasks = [download.task for download in self._downloads.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _end(self, model: str, task: "asyncio.Task[None]") -> None:
        del self._downloads[model]
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failures[model] = (time.monotonic(), ModelUnavailableError(str(error)))

    def _path(self, model: str) -> Path:
        return self._folder / model.replace("/", "--")


class _Download:
    def __init__(self, model: str, target: Path) -> None:
        self._model = model
        self._target = target
        self._logged_at, self._logged_percent = 0.0, -1
        self.text = f"Downloading the speech model {model}"
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        _log.info("whisper_model_downloading", extra={"model": self._model, "percent": 0})
        source = repository(self._model) or self._model
        child = run_child(_CHILD, source, str(self._target), quiet_limit=_QUIET_LIMIT)
        try:
            async with aclosing(child) as said:
                async for message in said:
                    if "error" in message:
                        raise self._unavailable(message["error"])
                    self._tell(message["done"], message["total"])
        except ChildCrashedError as error:
            raise self._unavailable(str(error)) from error
        _log.info("whisper_model_ready", extra={"model": self._model, "path": str(self._target)})

    def _tell(self, done: int, total: int) -> None:
        percent = 100 * done // max(total, 1)
        self.text = f"Downloading the speech model {self._model}: {percent} %"
        more = percent - self._logged_percent
        silent_for = time.monotonic() - self._logged_at
        if more >= _PERCENT_BETWEEN_LOGS or (more > 0 and silent_for >= _SECONDS_BETWEEN_LOGS):
            self._logged_at, self._logged_percent = time.monotonic(), percent
            _log.info("whisper_model_downloading", extra={"model": self._model, "percent": percent})

    def _unavailable(self, why: str) -> ModelUnavailableError:
        return ModelUnavailableError(
            f"The speech model {self._model} could not be downloaded ({why}). Give the worker a way"
            " to the Hugging Face Hub, or copy the model's files to"
            f" DATA_DIR/models/{self._target.name}."
        )
