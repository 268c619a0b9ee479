"""The whole service with an engine that says what the audio's length tells it to.

`python -m chaos.worker` serves as `transcription-worker serve` does; the settings come from the
environment. A line `clock SECONDS` on standard input steps its clock.
"""

import asyncio
import sys
import threading
import time
from collections.abc import AsyncGenerator
from datetime import datetime, tzinfo
from typing import Self

from transcription_worker import Segment, load_settings, service
from transcription_worker.audio import PcmAudio
from transcription_worker.engines import EngineEvent, TranscriptionOptions
from transcription_worker.logging import configure_logging
from transcription_worker.queue import reports

SEGMENTS = 8
# Seconds of work for each.
_PACE = 0.25


def transcript(duration: float) -> list[str]:
    """What the engine says to a recording of so many seconds."""
    tenths = round(duration * 10)
    return [f"{tenths} tenths, sentence {number}" for number in range(SEGMENTS)]


class LengthEngine:
    """Its transcripts can be known beforehand."""

    name = "length"
    status: str | None = None

    def check(self, options: TranscriptionOptions) -> None:
        pass

    def model_name(self, options: TranscriptionOptions) -> str:
        return "length"

    async def transcribe(
        self, audio: PcmAudio, options: TranscriptionOptions
    ) -> AsyncGenerator[EngineEvent]:
        step = audio.duration / SEGMENTS
        for number, text in enumerate(transcript(audio.duration)):
            await asyncio.sleep(_PACE)
            segment = Segment(start=number * step, end=(number + 1) * step, text=text)
            yield EngineEvent((number + 1) / SEGMENTS, (segment,), "en")

    async def close(self) -> None:
        pass


class SteppedDatetime(datetime):
    """The standard one, by the clock that is stepped."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls.fromtimestamp(time.time(), tz)


def _step_clock_when_told() -> None:
    real, real_ns = time.time, time.time_ns
    offset = 0

    def follow() -> None:
        nonlocal offset
        for line in sys.stdin:
            offset += int(line.removeprefix("clock "))

    time.time = lambda: real() + offset
    time.time_ns = lambda: real_ns() + offset * 1_000_000_000
    vars(reports)["datetime"] = SteppedDatetime
    threading.Thread(target=follow, daemon=True).start()


def main() -> None:
    _step_clock_when_told()
    vars(service)["create_engine"] = lambda _settings: LengthEngine()
    settings = load_settings()
    configure_logging("info", as_json=True)
    asyncio.run(service.serve(settings))


if __name__ == "__main__":
    main()
