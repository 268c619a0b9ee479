"""One job being run: its file decoded, its sound transcribed, and both reported."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from typing import TypeVar

from ..audio import SAMPLE_RATE, AudioError, PcmAudio, decode_audio
from ..audio.files import Decoding
from ..audio.pcm import BYTES_PER_SAMPLE
from ..engines.base import Engine, EngineError, EngineEvent
from ..errors import DiskFullError, StorageError
from ..models import AudioInfo, JobUpdate, LiveSegments, Segment
from . import reports
from .files import UploadFiles
from .job import Job

T = TypeVar("T")
Report = Callable[[JobUpdate], Awaitable[Job | None]]

AFTER_FAULT = 2.0
"""Seconds of rest after the disk has not taken something: it is not empty at once."""
FAULTS_PER_LINE = 30
"""Of so many in a row one is logged: about one a minute."""

# Percent of a job that decoding takes: it is fast beside listening. The last percent is the end's.
_DECODED = 5.0
_LISTENED = 99.0
# Share of a stage that must be done before its speed says anything.
_ENOUGH = 0.02
_NO_ROOM = "Waiting for room on the worker's disk"
# Bytes of sound that are worth another try.
_LEAST_SOUND = 1024 * 1024

_log = logging.getLogger("transcription_worker.queue")


class JobRun:
    """The run of one attempt.

    `report` records an update; `None` means that the job has ended. `on_outage` is told whether
    the engine waits for something outside of it. Its engine has worked `engine_seconds` on
    `audio_seconds` of sound.
    """

    def __init__(
        self,
        job: Job,
        engine: Engine,
        files: UploadFiles,
        max_seconds: float,
        report: Report,
        on_outage: Callable[[bool], None],
    ) -> None:
        self.engine_seconds = 0.0
        self.audio_seconds = 0.0
        self.reported_at = time.monotonic()
        self._job = job
        self._engine = engine
        self._files = files
        self._max_seconds = max_seconds
        self._report_update = report
        self._on_outage = on_outage
        self._last: JobUpdate | None = None
        self._notice: str | None = None

    async def execute(self) -> JobUpdate:
        """Runs the job; the answer is the update that ends it, not reported yet.

        What the disk has no room for is tried until it has. Cancelling the task stops the engine
        at once. Raises `JobEndedError` where somebody ended the job meanwhile.
        """
        try:
            audio = await self._decode()
            return await self._transcribe(audio)
        except (AudioError, EngineError) as error:
            return reports.failed(self._job, str(error), error.code)

    async def repeat_last_report(self) -> None:
        """Reports the same again: a sign of life. Raises `StorageError`."""
        if self._last is not None:
            await self._report_update(self._last)
        self.reported_at = time.monotonic()

    async def _decode(self) -> PcmAudio:
        info = self._job.view.audio_info or AudioInfo()
        await self._report(reports.started(self._job, info))
        while True:
            seconds = 0.0
            try:
                async with aclosing(self._decodings()) as steps:
                    async for step in steps:
                        seconds = step.seconds
                        self._notice = step.notice or self._notice
                        if step.audio is not None:
                            return step.audio
                        if not self._files.has_room(0):
                            raise DiskFullError("the decoded sound takes the last of the disk")
                        if info.duration:
                            progress = decoding_progress(seconds / info.duration)
                            await self._report(reports.decoding(self._job, progress))
            except DiskFullError:
                await self._wait_for_room(room_to_try_again(seconds))
            else:
                raise AudioError("broken_audio", "The audio file could not be decoded.")

    def _decodings(self) -> AsyncGenerator[Decoding]:
        upload_id = self._job.upload_id
        return decode_audio(
            self._files.upload(upload_id), self._files.pcm(upload_id), self._max_seconds
        )

    async def _wait_for_room(self, wanted: int) -> None:
        """Gives back what is decoded, so that others find room, and waits for `wanted` bytes."""
        self._files.pcm(self._job.upload_id).unlink(missing_ok=True)
        if not self._files.can_ever_hold(wanted):
            raise AudioError("audio_too_long", "The audio is too long for the worker's disk.")
        _log.warning("job_waits_for_room", extra={"job_id": self._job.job_id, "bytes": wanted})
        await self._say_no_room()
        while not self._files.has_room(wanted):  # noqa: ASYNC110 - a disk tells nobody
            await asyncio.sleep(AFTER_FAULT)

    async def _transcribe(self, audio: PcmAudio) -> JobUpdate:
        job, options = self._job, self._job.options
        info = AudioInfo(duration=round(audio.duration, 3))
        await self._report(
            reports.transcribing(job, transcribing_progress(0), audio=info, message=self._notice)
        )
        segments: list[Segment] = []
        language, clock = options.language, _EngineClock()
        async with aclosing(self._engine.transcribe(audio, options)) as events:
            async for event in events:
                language = event.language or language
                self._count(event, audio, clock)
                live = LiveSegments(offset=len(segments), items=list(event.segments))
                segments.extend(event.segments)
                await self._report(
                    reports.transcribing(
                        job,
                        transcribing_progress(event.fraction),
                        segments=live if live.items else None,
                        seconds_left=seconds_left(event.fraction, clock.worked),
                        message=event.outage or self._notice,
                    )
                )
        self.audio_seconds = audio.duration
        return reports.completed(
            job,
            segments,
            language=language,
            duration=round(audio.duration, 3),
            model=self._engine.model_name(options),
            message=self._notice,
        )

    def _count(self, event: EngineEvent, audio: PcmAudio, clock: "_EngineClock") -> None:
        clock.tick(is_outage=event.outage is not None)
        self._on_outage(event.outage is not None)
        self.engine_seconds = clock.worked
        self.audio_seconds = event.fraction * audio.duration

    async def _report(self, update: JobUpdate) -> None:
        """Records an update. The engine waits meanwhile, however long the disk takes."""
        # A repeated report must not repeat segments: they are in.
        self._last = update.model_copy(update={"segments": None})
        stored = await until_stored(
            lambda: self._report_update(update), self._job.job_id, self._say_no_room
        )
        self.reported_at = time.monotonic()
        if stored is None:
            raise JobEndedError(self._job.job_id)

    async def _say_no_room(self) -> None:
        """A few bytes may find a place where many have found none."""
        if self._last is not None:
            with suppress(StorageError):
                await self._report_update(self._last.model_copy(update={"message": _NO_ROOM}))


class _EngineClock:
    """How long an engine has worked, without the outages."""

    def __init__(self) -> None:
        self.worked = 0.0
        self._since = time.monotonic()
        self._is_outage = False

    def tick(self, *, is_outage: bool) -> None:
        """The engine has said something."""
        now = time.monotonic()
        if not self._is_outage:
            self.worked += now - self._since
        self._since, self._is_outage = now, is_outage


class JobEndedError(Exception):
    """The job has ended while it ran: its user cancelled it."""


async def until_stored(
    write: Callable[[], Awaitable[T]],
    job_id: str,
    when_full: Callable[[], Awaitable[None]] | None = None,
) -> T:
    """Tries a write until the file takes it. `when_full` is called where the disk has no room."""
    tries = 0
    while True:
        try:
            return await write()
        except StorageError as error:
            if tries % FAULTS_PER_LINE == 0:
                _log.error("report_not_stored", extra={"job_id": job_id, "error": str(error)})
            tries += 1
            if isinstance(error, DiskFullError) and when_full is not None:
                await when_full()
        await asyncio.sleep(AFTER_FAULT)


def room_to_try_again(decoded_seconds: float) -> int:
    """Bytes of room that make it worth to decode a file again for which there was none.

    A quarter more than what was decoded then: a file of unknown length is decoded a few times at
    most, and one that will fit is not kept waiting for long.
    """
    decoded = int(decoded_seconds * SAMPLE_RATE) * BYTES_PER_SAMPLE
    return max(_LEAST_SOUND, decoded + decoded // 4)


def decoding_progress(fraction: float) -> float:
    """Percent of the job when this share (0-1) of its file is decoded."""
    return round(_DECODED * min(1.0, fraction), 1)


def transcribing_progress(fraction: float) -> float:
    """Percent of the job when this share (0-1) of its sound is transcribed."""
    return round(_DECODED + (_LISTENED - _DECODED) * min(1.0, fraction), 1)


def seconds_left(fraction: float, elapsed: float) -> float | None:
    """Seconds that the rest takes when `fraction` took `elapsed`; `None` while it is too early."""
    if fraction < _ENOUGH:
        return None
    return round(elapsed * (1 - fraction) / fraction, 1)
