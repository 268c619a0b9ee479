"""The updates that a job goes through, from its place in the queue to its end."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ..limits import MAX_ERROR_LENGTH, MAX_MESSAGE_LENGTH
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
from ..wire_time import is_clock_set
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


def decoding(job: Job, progress: float, message: str = "Reading the audio file") -> JobUpdate:
    """The file is being decoded."""
    return _update(job, Status.PROCESSING, progress=progress, stage="decoding", message=message)


def transcribing(
    job: Job,
    progress: float,
    *,
    segments: LiveSegments | None = None,
    seconds_left: float | None = None,
    audio: AudioInfo | None = None,
    message: str | None = None,
) -> JobUpdate:
    """The engine listens; `segments` are new since the last report.

    `message`: what there is to be said beside that.
    """
    return _update(
        job,
        Status.PROCESSING,
        progress=progress,
        stage="transcribing",
        message=cut_utf16(message or "Transcribing", MAX_MESSAGE_LENGTH),
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
    message: str | None = None,
) -> JobUpdate:
    """The transcript is whole. Its segments have been reported live; they are not sent twice."""
    return _update(
        job,
        Status.COMPLETED,
        progress=100,
        message=message and cut_utf16(message, MAX_MESSAGE_LENGTH),
        timestamps=Timestamps(completed_at=_now()),
        result=Result(
            text=" ".join(segment.text for segment in segments),
            language=language,
            duration=duration,
            model=model,
        ),
    )


def failed(job: Job, error: str, code: str) -> JobUpdate:
    """The job cannot be done, for this reason; `code` is the reason for programs."""
    return _update(
        job,
        Status.FAILED,
        error=cut_utf16(error, MAX_ERROR_LENGTH),
        error_code=code,
        timestamps=Timestamps(completed_at=_now()),
    )


def unreadable(job_id: str, attempt: int) -> JobUpdate:
    """This version of the worker cannot read what it keeps of the job."""
    return JobUpdate(
        job_id=job_id,
        attempt=attempt,
        status=Status.FAILED,
        error="The worker cannot read its notes of this job any more; upload the file again.",
        error_code="worker_error",
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


def _now() -> datetime | None:
    """The time; `None` where this machine's clock was never set, and Convex has to tell it."""
    now = datetime.now(UTC)
    return now if is_clock_set(now) else None
