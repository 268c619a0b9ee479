"""The harder text of the benchmark, as Whisper hears it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from bench.speech import CONVERSATION, add_noise, speak
from bench.words import word_error_rate

from support.recording import write_pcm
from support.whisper_model import tiny_options
from transcription_worker.engines import TranscriptionOptions
from transcription_worker.engines.whisper import WhisperEngine


@pytest.mark.slow
def test_the_same_sound_is_made_every_time() -> None:
    program = "from bench.speech import conversation; print(hash(bytes(conversation())))"
    sounds = [
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONHASHSEED": "0"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for _ in range(2)
    ]
    assert sounds[0] == sounds[1] != ""


@pytest.mark.slow
async def test_whisper_follows_two_voices_in_noise(tmp_path: Path) -> None:
    said = CONVERSATION[:2]
    voices = ("en-us", "en-gb-x-rp")
    sentences = [speak(text, voice, 165) for text, voice in zip(said, voices, strict=True)]
    audio = write_pcm(tmp_path / "pcm", add_noise(b"".join(sentences), 10))
    engine = WhisperEngine(tiny_options(tmp_path))
    events = engine.transcribe(audio, TranscriptionOptions())
    heard = [segment.text async for event in events for segment in event.segments]
    assert word_error_rate(" ".join(said), " ".join(heard)) < 0.4
