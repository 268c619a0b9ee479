"""What a worker reports: one frozen model for each shape of the endpoint.

Attributes are snake case, the wire is camel case; both are accepted as input. `None` means absent.
Every limit of the endpoint is checked here, so that a mistake is found where it is made.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

import pydantic
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from . import limits
from .errors import Issue, ValidationError
from .segment_size import exceeds_segment_limit
from .text import is_storable, utf16_length
from .wire_time import Timestamp


class Status(StrEnum):
    """A job's status; `completed`, `failed` and `cancelled` are its end."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_terminal(self) -> bool:
        """Whether a job with this status has ended: nothing reopens it."""
        return self not in (Status.PENDING, Status.PROCESSING)


def _storable(text: str) -> str:
    if not is_storable(text):
        raise PydanticCustomError("text", "holds a NUL or half of a surrogate pair")
    return text


def _at_most(length: int) -> AfterValidator:
    def check(text: str) -> str:
        if utf16_length(text) > length:
            raise PydanticCustomError(
                "too_long", "has more than {limit} characters", {"limit": length}
            )
        return text

    return AfterValidator(check)


def _whole(value: object) -> object:
    """JSON has one kind of number: 2.0 is as whole as 2, and `true` is none."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _shortest(number: float) -> float:
    """2.0 is written as `2`, as JavaScript does: sizes are limited, and most times are whole."""
    return int(number) if number.is_integer() and abs(number) < limits.MAX_SAFE_INTEGER else number


_Number = PlainSerializer(_shortest, return_type=int | float, when_used="json")
Text = Annotated[str, Field(strict=True), AfterValidator(_storable)]
NonNegative = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False), _Number]
Fraction = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False), _Number]
Percent = Annotated[float, Field(strict=True, ge=0, le=100, allow_inf_nan=False), _Number]
Count = Annotated[
    int, Field(strict=True, ge=0, le=limits.MAX_SAFE_INTEGER), BeforeValidator(_whole)
]
Attempt = Annotated[
    int,
    Field(strict=True, ge=1, le=limits.MAX_SAFE_INTEGER),
    BeforeValidator(lambda value: 1 if value is None else _whole(value)),
]
JobId = Annotated[str, Field(strict=True, pattern=limits.JOB_ID_PATTERN)]
ErrorCode = Annotated[str, Field(strict=True, pattern=limits.ERROR_CODE_PATTERN)]


class _Strict(BaseModel):
    """An unknown key is a mistake of the sender's, which must find out."""

    model_config = ConfigDict(
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        hide_input_in_errors=True,  # an input may be a transcript
    )


class _Lenient(_Strict):
    """Unknown keys are dropped, so that Whisper's `verbose_json` can be passed on as it comes."""

    model_config = ConfigDict(extra="ignore")


class _Span(_Lenient):
    """A stretch of the audio, in seconds from its start."""

    start: NonNegative
    end: NonNegative

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        if self.end < self.start:
            raise PydanticCustomError("span", "must not be before start", {"path": "end"})
        return self


class Word(_Span):
    """One spoken word; `confidence` from 0 to 1."""

    word: Text
    confidence: Fraction | None = None


class Segment(_Span):
    """A piece of the transcript, usually a sentence: at most 2,000 words and 64 KiB as JSON."""

    text: Text
    speaker: Annotated[Text, _at_most(limits.MAX_SPEAKER_LENGTH)] | None = None
    confidence: Fraction | None = None
    words: Annotated[list[Word], Field(max_length=limits.MAX_WORDS_PER_SEGMENT)] | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if exceeds_segment_limit(self):
            raise PydanticCustomError("segment", "takes more than 64 KiB as JSON; split it")
        return self


class AudioInfo(_Strict):
    """Duration in seconds, sample rate in hertz, format such as `mp3`, size in bytes."""

    duration: NonNegative | None = None
    sample_rate: NonNegative | None = None
    channels: NonNegative | None = None
    format: Annotated[Text, _at_most(limits.MAX_FORMAT_LENGTH)] | None = None
    size_bytes: NonNegative | None = None


class Result(_Lenient):
    """A finished transcript. `duration` is in seconds; `segments` take the place of live ones."""

    text: Text | None = None
    language: Annotated[Text, _at_most(limits.MAX_LANGUAGE_LENGTH)] | None = None
    duration: NonNegative | None = None
    model: Annotated[Text, _at_most(limits.MAX_MODEL_LENGTH)] | None = None
    segments: list[Segment] | None = None


class LiveSegments(_Strict):
    """A piece of a transcript that is still growing; `offset` counts segments from 0."""

    offset: Count
    items: list[Segment]


class Timestamps(_Strict):
    """Aware datetimes; RFC 3339 strings with an offset and epoch milliseconds are accepted."""

    created_at: Timestamp | None = None
    started_at: Timestamp | None = None
    completed_at: Timestamp | None = None


class JobUpdate(_Strict):
    """One report on one job.

    `progress` is percent of the whole job, `estimated_time_remaining` seconds. `error` is required
    with `failed` and allowed with nothing else, as is `error_code`, the reason for machines;
    `result` is allowed with `completed` only, and `timestamps.completed_at` with the end only.
    `sequence` numbers the updates of one attempt; the outbox sets it.
    """

    job_id: JobId
    status: Status
    progress: Percent | None = None
    stage: Annotated[Text, _at_most(limits.MAX_STAGE_LENGTH)] | None = None
    message: Annotated[Text, _at_most(limits.MAX_MESSAGE_LENGTH)] | None = None
    result: Result | None = None
    segments: LiveSegments | None = None
    error: Annotated[Text, Field(min_length=1), _at_most(limits.MAX_ERROR_LENGTH)] | None = None
    error_code: ErrorCode | None = None
    timestamps: Timestamps | None = None
    estimated_time_remaining: NonNegative | None = None
    audio_info: AudioInfo | None = None
    user_id: Annotated[Text, Field(min_length=1), _at_most(limits.MAX_USER_ID_LENGTH)] | None = None
    sequence: Count | None = None
    attempt: Attempt = 1

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        if self.status == Status.FAILED and self.error is None:
            raise _misplaced("error", "is required with status failed: say what went wrong")
        if self.status != Status.FAILED and self.error is not None:
            raise _misplaced("error", f"is allowed only with status failed, not {self.status}")
        if self.status != Status.FAILED and self.error_code is not None:
            raise _misplaced("errorCode", f"is allowed only with status failed, not {self.status}")
        if self.status != Status.COMPLETED and self.result is not None:
            raise _misplaced("result", f"is allowed only with status completed, not {self.status}")
        ends_at = self.timestamps.completed_at if self.timestamps else None
        if not self.status.is_terminal and ends_at is not None:
            raise _misplaced(
                "timestamps.completedAt",
                f"is allowed only with completed, failed and cancelled, not {self.status}",
            )
        return self

    @classmethod
    def parse(cls, value: "JobUpdate | Mapping[str, object]") -> "JobUpdate":
        """The update itself, or one made of a mapping.

        Raises `ValidationError` with every problem's path and no part of the input.
        """
        if isinstance(value, JobUpdate):
            return value
        try:
            return cls.model_validate(value)
        except pydantic.ValidationError as error:
            issues = [_issue(detail) for detail in error.errors(include_url=False)]
            raise ValidationError(
                f"{issues[0].path or 'the update'}: {issues[0].message}", issues=issues
            ) from None

    def to_wire(self) -> dict[str, Any]:
        """The request's body as JSON values: camel case, times as ISO 8601, no `None`."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


Outcome = Literal["applied", "duplicate", "ignored", "stale", "disabled"]


class UpdateOutcome(_Lenient):
    """What became of an accepted update; the other fields are the row's afterwards.

    `applied`: the row or the transcript changed. `duplicate`: this number was in already.
    `ignored`: the job has ended, so the worker may stop. `stale`: a newer update is in.
    `disabled`: sending is turned off here, nothing was sent.
    """

    outcome: Outcome
    status: Status
    progress: Percent
    attempt: Count
    sequence: Count | None = None


def _misplaced(path: str, message: str) -> PydanticCustomError:
    # pydantic fills templates in; ours have nothing to fill but the path for `_issue`.
    return PydanticCustomError("goes_together", message, {"path": path})


def _issue(detail: Any) -> Issue:
    """pydantic's problem as the endpoint tells it; the path is that of the wire."""
    parts = [str(part) for part in detail["loc"]]
    last = parts[-1] if parts else ""
    parts = [to_camel(part) if "_" in part else part for part in parts]
    message = detail["msg"]
    if detail["type"] == "extra_forbidden":
        message = f'Unrecognized key: "{last[:64]}"'
        parts.pop()
    elif (path := detail.get("ctx", {}).get("path")) is not None:
        parts.append(path)
    return Issue(".".join(parts), message)
