"""An engine that goes on only when a test says so."""

import asyncio
from collections.abc import AsyncGenerator

from transcription_worker import Segment
from transcription_worker.audio import PcmAudio
from transcription_worker.engines import EngineEvent, TranscriptionOptions


class StepRun:
    """One transcription. `say` gives an event, `finish` ends it, `fail` breaks it."""

    def __init__(self, audio: PcmAudio, options: TranscriptionOptions) -> None:
        self.audio = audio
        self.options = options
        self.stopped = asyncio.Event()
        self._steps: asyncio.Queue[EngineEvent | BaseException | None] = asyncio.Queue()

    def say(self, fraction: float, *texts: str) -> None:
        segments = [Segment(start=0, end=1, text=text) for text in texts]
        self._steps.put_nowait(EngineEvent(fraction, tuple(segments), "en"))

    def say_event(self, event: EngineEvent) -> None:
        self._steps.put_nowait(event)

    def finish(self) -> None:
        self._steps.put_nowait(None)

    def fail(self, error: BaseException) -> None:
        self._steps.put_nowait(error)

    async def events(self) -> AsyncGenerator[EngineEvent]:
        try:
            while (step := await self._steps.get()) is not None:
                if isinstance(step, BaseException):
                    raise step
                yield step
        finally:
            self.stopped.set()


class StepEngine:
    """Keeps its runs; `next_run` waits for one that no test has seen yet."""

    name = "step"
    status: str | None = None

    def __init__(self) -> None:
        self.runs: asyncio.Queue[StepRun] = asyncio.Queue()
        self.last: StepRun | None = None
        self.active = 0
        self.most_active = 0

    def check(self, options: TranscriptionOptions) -> None:
        pass

    def model_name(self, options: TranscriptionOptions) -> str:
        return "step model"

    async def transcribe(
        self, audio: PcmAudio, options: TranscriptionOptions
    ) -> AsyncGenerator[EngineEvent]:
        run = self.last = StepRun(audio, options)
        self.runs.put_nowait(run)
        self.active += 1
        self.most_active = max(self.active, self.most_active)
        try:
            async for event in run.events():
                yield event
        finally:
            self.active -= 1
            run.stopped.set()

    async def next_run(self) -> StepRun:
        return await asyncio.wait_for(self.runs.get(), timeout=60)

    async def close(self) -> None:
        pass
