"""Points in time as the endpoint takes them: to the millisecond, never without an offset."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer
from pydantic_core import PydanticCustomError

from .limits import MIN_TIMESTAMP

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_RFC_3339 = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(\.\d+)?(?:[Zz]|([+-])(\d{2}):(\d{2}))",
    re.ASCII,
)


def parse_time(value: object) -> datetime:
    """An aware datetime from an aware datetime, an RFC 3339 string with an offset, or a number of
    epoch milliseconds, to the nearest millisecond.

    Raises `PydanticCustomError` for anything else, a naive datetime above all, and for times
    before 2000, which are seconds in place of milliseconds.
    """
    try:
        time = _parse(value)
    except PydanticCustomError:  # which is a ValueError too
        raise
    except (ValueError, OverflowError):
        raise _problem("is not a time that exists") from None
    if not is_clock_set(time):
        raise _problem("is before the year 2000; epoch times are in milliseconds")
    return time


def is_clock_set(now: datetime) -> bool:
    """Whether the endpoint takes such a time: a machine without a battery begins in 1970."""
    return now >= _EPOCH + MIN_TIMESTAMP * _MILLISECOND


def format_time(time: datetime) -> str:
    """ISO 8601 with the time's own offset, such as `2026-01-31T13:00:00.000+01:00`."""
    offset = time.utcoffset() or timedelta()
    if offset % timedelta(minutes=1):
        time = time.astimezone(UTC)  # RFC 3339 has no seconds in an offset; old local times do
    return time.isoformat(timespec="milliseconds")


def _parse(value: object) -> datetime:
    if isinstance(value, datetime):
        offset = value.utcoffset()
        if offset is None:
            raise _problem("has no time zone; use datetime.now(UTC) or .astimezone()")
        # Arithmetic with a zone of rules forgets which of two equal wall times is meant.
        return _to_millisecond(value.replace(tzinfo=timezone(offset)))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _EPOCH + _round(value) * _MILLISECOND
    if isinstance(value, str):
        return _parse_rfc3339(value)
    raise _problem("expected a datetime, an RFC 3339 string or epoch milliseconds")


def _parse_rfc3339(text: str) -> datetime:
    match = _RFC_3339.fullmatch(text)
    if match is None:
        raise _problem("expected an RFC 3339 time with an offset")
    day, hour, minute, second, fraction, sign, offset_hour, offset_minute = match.groups()
    if int(hour) > 23 or int(minute) > 59 or int(second) > 60:  # 60 is a leap second
        raise ValueError(text)
    if int(offset_hour or 0) > 23 or int(offset_minute or 0) > 59:
        raise ValueError(text)
    offset = timedelta(hours=int(offset_hour or 0), minutes=int(offset_minute or 0))
    zone = UTC if sign is None else timezone(-offset if sign == "-" else offset)
    milliseconds = _round(float(fraction or 0) * 1000)
    since_midnight = timedelta(hours=int(hour), minutes=int(minute), seconds=int(second))
    midnight = datetime.fromisoformat(day).replace(tzinfo=zone)
    return midnight + since_midnight + milliseconds * _MILLISECOND


def _to_millisecond(time: datetime) -> datetime:
    rounded = _round(time.microsecond / 1000)
    return time.replace(microsecond=0) + rounded * _MILLISECOND


def _round(value: float) -> int:
    """Halves go up, as JavaScript's `Math.round` has it."""
    return int((value + 0.5) // 1)


def _problem(message: str) -> PydanticCustomError:
    return PydanticCustomError("time", message)


Timestamp = Annotated[datetime, BeforeValidator(parse_time), PlainSerializer(format_time)]
"""A field that takes what `parse_time` takes and goes out as `format_time` writes it."""
