"""The openai engine, pointed at a server of ours."""

from support.whisper_server import KEY, WhisperServer
from transcription_worker import Segment
from transcription_worker.audio import PcmAudio
from transcription_worker.engines import EngineEvent, TranscriptionOptions
from transcription_worker.engines.openai import OpenAIEngine, OpenAIOptions
from transcription_worker.retry import RetryPolicy

QUICK = RetryPolicy(base_delay=0.001, max_delay=0.01, max_retry_after=5)


def engine(whisper: WhisperServer, **changes: object) -> OpenAIEngine:
    options = {"base_url": whisper.url, "api_key": KEY, "retry": QUICK} | changes
    return OpenAIEngine(OpenAIOptions(**options))  # type: ignore[arg-type]


async def listen(
    engine: OpenAIEngine, audio: PcmAudio, options: TranscriptionOptions | None = None
) -> list[EngineEvent]:
    """All events of a transcription."""
    try:
        return [
            event async for event in engine.transcribe(audio, options or TranscriptionOptions())
        ]
    finally:
        await engine.close()


async def transcribe(
    engine: OpenAIEngine, audio: PcmAudio, options: TranscriptionOptions | None = None
) -> tuple[list[Segment], list[float]]:
    """The segments and the fractions that were told."""
    events = await listen(engine, audio, options)
    return [one for event in events for one in event.segments], [e.fraction for e in events]
