"""The openai engine's surroundings."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.recording import speech_pcm, write_pcm
from support.whisper_server import WhisperServer, whisper_server
from transcription_worker.audio import PcmAudio


@pytest.fixture
async def whisper() -> AsyncIterator[WhisperServer]:
    async with whisper_server() as server:
        yield server


@pytest.fixture
def audio(tmp_path: Path) -> PcmAudio:
    return write_pcm(tmp_path / "pcm", speech_pcm())
