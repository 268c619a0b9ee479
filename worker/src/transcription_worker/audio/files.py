"""Uploaded files, read in a process of its own: one made to crash a decoder harms nothing else."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from ..children import ChildCrashedError, run_child
from ..models import AudioInfo
from .errors import AudioError
from .pcm import PcmAudio

_CHILD = "transcription_worker.audio.child"
_GAVE_UP = "The audio file is broken: the decoder gave up on it."
# Seconds. A healthy file answers within one, on a busy machine within a few.
PROBE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Decoding:
    """How far decoding is: `seconds` of sound are done; `audio` is there at the end.

    `notice` says, for the person who sent the file, what is wrong with it though it can be used.
    """

    seconds: float
    audio: PcmAudio | None = None
    notice: str | None = None


async def probe_audio(path: Path, max_seconds: float) -> AudioInfo:
    """Finds out what an uploaded file is, and that it can be decoded.

    Raises `AudioError`, with the reason, where it cannot be transcribed.
    """
    found = AudioInfo()
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            async with aclosing(run_child(_CHILD, "probe", str(path), str(max_seconds))) as said:
                async for message in said:
                    _raise_error(message)
                    found = AudioInfo(**message["probe"])
    except TimeoutError as error:
        raise AudioError("broken_audio", _GAVE_UP) from error
    except ChildCrashedError as error:
        raise _crashed(error) from error
    return found


async def decode_audio(path: Path, target: Path, max_seconds: float) -> AsyncGenerator[Decoding]:
    """Decodes `path` into `target`, 16 kHz mono samples, and tells how far it is.

    Raises `AudioError` where it cannot be decoded, or is longer than `max_seconds`.
    """
    try:
        child = run_child(_CHILD, "decode", str(path), str(target), str(max_seconds))
        async with aclosing(child) as said:
            async for message in said:
                _raise_error(message)
                if "samples" in message:
                    audio = PcmAudio(target, message["samples"])
                    yield Decoding(audio.duration, audio)
                else:
                    yield Decoding(message["seconds"])
    except ChildCrashedError as error:
        raise _crashed(error) from error


def _raise_error(message: dict[str, dict[str, str]]) -> None:
    if (error := message.get("error")) is not None:
        raise AudioError(error["code"], error["message"])  # type: ignore[arg-type]  # our own JSON


def _crashed(error: ChildCrashedError) -> Exception:
    """A signal means that the file crashed the decoder; anything else is a mistake of ours."""
    return AudioError("broken_audio", _GAVE_UP) if error.code < 0 else error
