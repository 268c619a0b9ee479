"""What is known of a job, with the names and units of Convex's row, and what an update does to it.

`JobView.after` is the Python spelling of `decide` in `convex/transcription/model/decide.ts`. The
tests hold the two against each other, update by update, on the real backend.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from ..models import AudioInfo, JobId, JobUpdate, Result, Status, Timestamps
from ..text import utf16_length

# Bytes of the text that the row holds, as on Convex; the whole text is in the transcript.
_ROW_TEXT_BYTES = 1024
_RANK = {Status.PENDING: 0, Status.PROCESSING: 1}
_ENDED = 2
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
            text_length=utf16_length(text or ""),
        )


class JobView(_Row):
    """The row of a job, without what only Convex knows: `userId`, `pageCount` and `reported`.

    Times are epoch milliseconds, `estimated_time_remaining` is in seconds. `segments_final`: the
    end brought its segments, live ones count no more.
    """

    job_id: JobId
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
    segments_final: bool | None = None

    def after(self, update: JobUpdate, now: int) -> Self:
        """The row after `update`, which arrives at `now` (epoch ms).

        The row itself where the update is a duplicate, stale or ignored, or leaves a gap in the
        segments.
        """
        new_attempt = update.attempt > self.attempt
        if update.attempt < self.attempt or self.ended_by == "user":
            return self
        if new_attempt and self.status.is_terminal:
            return self
        base = self._clean(update.attempt) if new_attempt else self
        ends = update.status.is_terminal and not base.status.is_terminal
        segments = base._segments_after(update, ends)  # noqa: SLF001 - of the same class
        if segments is None or (update.sequence is not None and update.sequence == base.sequence):
            return self
        merged = base.model_copy(update={**segments, **base._merged(update, ends, now)})  # noqa: SLF001
        is_news = not base.status.is_terminal and base._is_newest(update)  # noqa: SLF001
        if not new_attempt and not is_news and merged == base:
            return self
        return merged.model_copy(update={"updated_at": max(now, self.updated_at + 1)})

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

    def _segments_after(self, update: JobUpdate, ends: bool) -> dict[str, Any] | None:
        """How many segments there are then; `None` where some before them are missing."""
        final = update.result.segments if ends and update.result else None
        if final is not None:
            return {"segment_count": len(final), "segments_final": True}
        live = update.segments
        if live is None or self.segments_final or not live.items:
            return {}
        if live.offset > self.segment_count:
            return None
        return {"segment_count": max(self.segment_count, live.offset + len(live.items))}

    def _merged(self, update: JobUpdate, ends: bool, now: int) -> dict[str, Any]:
        """Each field's own rule, so that the order of arrival does not matter."""
        status = update.status if _rank(update.status) > _rank(self.status) else self.status
        times = update.timestamps or Timestamps()
        started_at = _milliseconds(times.started_at)
        changes: dict[str, Any] = {
            "status": status,
            "progress": 100
            if status is Status.COMPLETED
            else max(self.progress, update.progress or 0),
            "started_at": _least(self.started_at, started_at),
            "audio_info": _merge_audio_info(self.audio_info, update.audio_info),
        }
        if ends or (not self.status.is_terminal and self._is_newest(update)):
            changes |= {
                "stage": update.stage,
                "message": update.message,
                "estimated_time_remaining": update.estimated_time_remaining,
            }
            if update.sequence is not None:
                changes["sequence"] = update.sequence
        if ends:
            # A stepped clock must not end a job before it began.
            completed_at = _milliseconds(times.completed_at)
            changes |= {
                "completed_at": max(
                    now if completed_at is None else completed_at, started_at or 0, self.created_at
                ),
                "ended_by": "worker",
                "error": update.error,
                "error_code": update.error_code,
                "result": update.result and ResultView.of(update.result),
            }
        return changes

    def _is_newest(self, update: JobUpdate) -> bool:
        return update.sequence is None or self.sequence is None or update.sequence > self.sequence


def _rank(status: Status) -> int:
    return _RANK.get(status, _ENDED)


def _least(known: int | None, reported: int | None) -> int | None:
    return min((time for time in (known, reported) if time is not None), default=None)


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - _EPOCH) // timedelta(milliseconds=1)


def _merge_audio_info(known: AudioInfo | None, reported: AudioInfo | None) -> AudioInfo | None:
    """Key by key: what is missing is filled in, of two values the greater stays."""
    if known is None or reported is None:
        return known or reported
    values = known.model_dump()
    for name, value in reported.model_dump().items():
        if values[name] is None or (value is not None and _order(value) > _order(values[name])):
            values[name] = value
    return AudioInfo(**values)


def _order(value: Any) -> Any:
    """JavaScript compares strings by UTF-16 code units, Python by code points."""
    return value.encode("utf-16-be") if isinstance(value, str) else value


def now_ms() -> int:
    """The time, in epoch milliseconds."""
    return time.time_ns() // 1_000_000
