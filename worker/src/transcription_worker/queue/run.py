"""One job being run: its file decoded, its sound transcribed, and both reported."""

import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from ..audio import AudioError, PcmAudio, decode_audio
from ..engines.base import Engine, EngineError
from ..models import AudioInfo, JobUpdate, LiveSegments, Segment
from . import reports
from .files import UploadFiles
from .job import Job
from .progress import decoding_progress, seconds_left, transcribing_progress

Report = Callable[[JobUpdate], Awaitable[bool]]


class JobRun:
    """The run of one attempt. `report` records an update; False means that the job has ended."""

    def __init__(
        self, job: Job, engine: Engine, files: UploadFiles, max_seconds: float, report: Report
    ) -> None:
        self._job = job
        self._engine = engine
        self._files = files
        self._max_seconds = max_seconds
        self._report_update = report
        self._last: JobUpdate | None = None
        self._reported_at = 0.0

    async def execute(self) -> JobUpdate:
        """Runs the job; the answer is the update that ends it, not reported yet.

        Cancelling the task stops the engine at once. Raises `JobEndedError` where somebody ended
        the job meanwhile.
        """
        try:
            audio, notice = await self._decode()
            return await self._transcribe(audio, notice)
        except (AudioError, EngineError) as error:
            return reports.failed(self._job, str(error), error.code)

    async def repeat_last_report(self, silent_for: float) -> None:
        """Reports the same again, where nothing was for `silent_for` seconds: a sign of life."""
        if self._last is not None and time.monotonic() - self._reported_at >= silent_for:
            await self._report_update(self._last)

    async def _decode(self) -> tuple[PcmAudio, str | None]:
        job = self._job
        info = job.view.audio_info or AudioInfo()
        await self._report(reports.started(job, info))
        decodings = decode_audio(
            self._files.upload(job.upload_id), self._files.pcm(job.upload_id), self._max_seconds
        )
        async with aclosing(decodings) as steps:
            async for step in steps:
                if step.audio is not None:
                    return step.audio, step.notice
                if info.duration:
                    progress = decoding_progress(step.seconds / info.duration)
                    await self._report(reports.decoding(job, progress))
        raise AudioError("broken_audio", "The audio file could not be decoded.")

    async def _transcribe(self, audio: PcmAudio, notice: str | None) -> JobUpdate:
        job, options = self._job, self._job.options
        info = AudioInfo(duration=round(audio.duration, 3))
        begun = reports.transcribing(job, transcribing_progress(0), audio=info, notice=notice)
        await self._report(begun)
        segments: list[Segment] = []
        language, began = options.language, time.monotonic()
        async with aclosing(self._engine.transcribe(audio, options)) as events:
            async for event in events:
                language = event.language or language
                live = LiveSegments(offset=len(segments), items=list(event.segments))
                segments.extend(event.segments)
                await self._report(
                    reports.transcribing(
                        job,
                        transcribing_progress(event.fraction),
                        segments=live if live.items else None,
                        seconds_left=seconds_left(event.fraction, time.monotonic() - began),
                        notice=notice,
                    )
                )
        return reports.completed(
            job,
            segments,
            language=language,
            duration=round(audio.duration, 3),
            model=self._engine.model_name(options),
            notice=notice,
        )

    async def _report(self, update: JobUpdate) -> None:
        # A repeated report must not repeat segments: they are in.
        self._last = update.model_copy(update={"segments": None})
        self._reported_at = time.monotonic()
        if not await self._report_update(update):
            raise JobEndedError(self._job.job_id)


class JobEndedError(Exception):
    """The job has ended while it ran: its user cancelled it."""
