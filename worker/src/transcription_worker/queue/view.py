"""What is known of a job, with the names and units of Convex's row."""

import time
from typing import Any, Self

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from ..models import AudioInfo, JobUpdate, Result, Status, Timestamps

# Bytes of the text that the row holds, as on Convex; the whole text is in the transcript.
_ROW_TEXT_BYTES = 1024


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True)


class ResultView(_Row):
    """A result as the row shows it: `text` up to 1 KiB, `text_length` in UTF-16 code units."""

    language: str | None = None
    duration: float | None = None
    model: str | None = None
    text: str | None = None
    text_length: int = 0

    @classmethod
    def of(cls, result: Result) -> Self:
        """A result, shortened to what the row shows."""
        text = result.text
        kept = text and text.encode()[:_ROW_TEXT_BYTES].decode(errors="ignore")
        return cls(
            language=result.language,
            duration=result.duration,
            model=result.model,
            text=kept,
            text_length=len((text or "").encode("utf-16-le")) // 2,
        )


class JobView(_Row):
    """The row of a job, but for `userId` and `pageCount`, which only Convex knows.

    Times are epoch milliseconds, `estimated_time_remaining` is in seconds.
    """

    job_id: str
    status: Status = Status.PENDING
    progress: float = 0
    stage: str | None = None
    message: str | None = None
    file_name: str | None = None
    file_size: int | None = None
    audio_info: AudioInfo | None = None
    result: ResultView | None = None
    error: str | None = None
    error_code: str | None = None
    created_at: int
    started_at: int | None = None
    completed_at: int | None = None
    updated_at: int
    estimated_time_remaining: float | None = None
    sequence: int | None = None
    attempt: int = 1
    ended_by: str | None = None
    segment_count: int = 0

    def after(self, update: JobUpdate, sequence: int, now: int) -> Self:
        """The view once `update`, numbered `sequence`, has been reported at `now` (epoch ms).

        A higher attempt starts from nothing, as it does on Convex.
        """
        base = self if update.attempt == self.attempt else self._clean(update.attempt)
        times = update.timestamps or Timestamps()
        changes: dict[str, Any] = {
            "status": update.status,
            "progress": 100
            if update.status is Status.COMPLETED
            else max(base.progress, update.progress or 0),
            "stage": update.stage,
            "message": update.message,
            "estimated_time_remaining": update.estimated_time_remaining,
            "sequence": sequence,
            "updated_at": now,
            "error": update.error,
            "error_code": update.error_code,
            "result": update.result and ResultView.of(update.result),
            "ended_by": "worker" if update.status.is_terminal else None,
        }
        if times.started_at is not None:
            changes["started_at"] = int(times.started_at.timestamp() * 1000)
        if times.completed_at is not None:
            changes["completed_at"] = int(times.completed_at.timestamp() * 1000)
        if update.audio_info is not None:
            changes["audio_info"] = _merged(base.audio_info, update.audio_info)
        if update.segments is not None:
            changes["segment_count"] = update.segments.offset + len(update.segments.items)
        return base.model_copy(update=changes)

    def to_wire(self) -> dict[str, Any]:
        """The row as JSON values, in camel case, without what is missing."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def _clean(self, attempt: int) -> Self:
        return type(self)(
            job_id=self.job_id,
            file_name=self.file_name,
            file_size=self.file_size,
            created_at=self.created_at,
            updated_at=self.updated_at,
            attempt=attempt,
        )


def _merged(old: AudioInfo | None, new: AudioInfo) -> AudioInfo:
    """Key by key: what is missing is filled in, of two values the greater stays."""
    values = (old or AudioInfo()).model_dump()
    for name, value in new.model_dump().items():
        if values[name] is None or (value is not None and value > values[name]):
            values[name] = value
    return AudioInfo(**values)


def now_ms() -> int:
    """The time, in epoch milliseconds."""
    return time.time_ns() // 1_000_000
