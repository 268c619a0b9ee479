"""The updates that a job goes through, from its place in the queue to its end."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ..limits import MAX_ERROR_LENGTH
from ..models import (
    AudioInfo,
    JobUpdate,
    LiveSegments,
    Result,
    Segment,
    Status,
    Timestamps,
)
from ..text import cut_utf16
from .job import Job


def waiting(job: Job, place: int) -> JobUpdate:
    """The job waits; the next to run has place 1."""
    return _update(
        job,
        Status.PENDING,
        stage="queued",
        message=f"Waiting in the queue, place {place}",
    )


def started(job: Job, audio: AudioInfo) -> JobUpdate:
    """The job runs from now on."""
    return _update(
        job,
        Status.PROCESSING,
        progress=0,
        stage="decoding",
        message="Reading the audio file",
        timestamps=Timestamps(started_at=_now()),
        audio_info=audio,
    )


def decoding(job: Job, progress: float) -> JobUpdate:
    """The file is being decoded."""
    return _update(
        job,
        Status.PROCESSING,
        progress=progress,
        stage="decoding",
        message="Reading the audio file",
    )


def transcribing(
    job: Job,
    progress: float,
    *,
    segments: LiveSegments | None = None,
    seconds_left: float | None = None,
    audio: AudioInfo | None = None,
    notice: str | None = None,
) -> JobUpdate:
    """The engine listens; `segments` are new since the last report, `notice` is worth knowing."""
    return _update(
        job,
        Status.PROCESSING,
        progress=progress,
        stage="transcribing",
        message=notice or "Transcribing",
        segments=segments,
        estimated_time_remaining=seconds_left,
        audio_info=audio,
    )


def completed(
    job: Job,
    segments: Sequence[Segment],
    *,
    language: str | None,
    duration: float,
    model: str,
    notice: str | None = None,
) -> JobUpdate:
    """The transcript is whole. Its segments have been reported live; they are not sent twice."""
    return _update(
        job,
        Status.COMPLETED,
        progress=100,
        message=notice,
        timestamps=Timestamps(completed_at=_now()),
        result=Result(
            text=" ".join(segment.text for segment in segments),
            language=language,
            duration=duration,
            model=model,
        ),
    )


def failed(job: Job, error: str, code: str) -> JobUpdate:
    """The job cannot be done, for this reason; `code` is for programs."""
    return _update(
        job,
        Status.FAILED,
        error=cut_utf16(error, MAX_ERROR_LENGTH),
        error_code=code,
        timestamps=Timestamps(completed_at=_now()),
    )


def cancelled(job: Job) -> JobUpdate:
    """Somebody stopped the job."""
    return _update(
        job,
        Status.CANCELLED,
        timestamps=Timestamps(completed_at=_now()),
    )


def _update(job: Job, status: Status, **fields: Any) -> JobUpdate:
    return JobUpdate(job_id=job.job_id, attempt=job.attempt, status=status, **fields)


def _now() -> datetime:
    return datetime.now(UTC)
