"""Puts right what is wrong with an update where its meaning is plain.

A finished transcript must not be lost for a confidence of NaN. What is not plain stays as it is,
and the models refuse it.
"""

import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeGuard

from pydantic.alias_generators import to_camel

from .. import limits
from ..text import cut_utf16, utf16_length
from ..wire_time import is_clock_set
from .plain import Repair, to_plain

_TEXT_LIMITS = {
    "stage": limits.MAX_STAGE_LENGTH,
    "message": limits.MAX_MESSAGE_LENGTH,
    "error": limits.MAX_ERROR_LENGTH,
}
_RESULT_TEXT_LIMITS = {"language": limits.MAX_LANGUAGE_LENGTH, "model": limits.MAX_MODEL_LENGTH}
_NO_REASON = "The worker gave no reason."


def repair(update: Mapping[str, object]) -> tuple[dict[str, Any], list[Repair]]:
    """The update as JSON values with the wire's names, and what was repaired.

    Raises `PoisonError` for values that no JSON stands for.
    """
    repairs: list[Repair] = []
    fields = _named(to_plain(update, "", repairs))
    _cut_texts(fields, _TEXT_LIMITS, "", repairs)
    _clamp(fields, "progress", 100, "", repairs)
    _repair_number(fields, "estimatedTimeRemaining", "", repairs)
    if fields.get("status") == "failed" and fields.get("error") in (None, ""):
        fields["error"] = _NO_REASON
        repairs.append(Repair("error", "missing"))
    _repair_timestamps(fields, repairs)
    if isinstance(info := fields.get("audioInfo"), dict):
        fields["audioInfo"] = info = _named(info)
        _cut_texts(info, {"format": limits.MAX_FORMAT_LENGTH}, "audioInfo.", repairs)
        for key in ("duration", "sampleRate", "channels", "sizeBytes"):
            _repair_number(info, key, "audioInfo.", repairs)
    if isinstance(result := fields.get("result"), dict):
        _cut_texts(result, _RESULT_TEXT_LIMITS, "result.", repairs)
        _repair_number(result, "duration", "result.", repairs)
        _repair_segments(result.get("segments"), "result.segments", repairs)
    if isinstance(live := fields.get("segments"), dict):
        _repair_segments(live.get("items"), "segments.items", repairs)
    return fields, repairs


def _named(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields under the wire's names, of which Python's are another spelling."""
    return {to_camel(key) if "_" in key else key: value for key, value in fields.items()}


def _cut_texts(
    fields: dict[str, Any], longest: Mapping[str, int], path: str, repairs: list[Repair]
) -> None:
    for key, limit in longest.items():
        value = fields.get(key)
        if isinstance(value, str) and utf16_length(value) > limit:
            fields[key] = cut_utf16(value, limit)
            repairs.append(Repair(path + key, "length"))


def _repair_number(fields: dict[str, Any], key: str, path: str, repairs: list[Repair]) -> None:
    """An optional number that is none, or below 0, is left out."""
    value = fields.get(key)
    if _is_number(value) and not 0 <= value < math.inf:
        del fields[key]
        repairs.append(Repair(path + key, "number"))


def _clamp(fields: dict[str, Any], key: str, most: float, path: str, repairs: list[Repair]) -> None:
    """A share of 100.00001 is one of 100; one that is no number is left out."""
    value = fields.get(key)
    if not _is_number(value) or 0 <= value <= most:
        return
    repairs.append(Repair(path + key, "number"))
    if -math.inf < value < math.inf:  # also for integers that no float holds
        fields[key] = min(max(value, 0), most)
    else:
        del fields[key]


def _repair_timestamps(fields: dict[str, Any], repairs: list[Repair]) -> None:
    """A time before 2000 is this machine's clock, which has not been set; Convex has its own."""
    timestamps = fields.get("timestamps")
    if not isinstance(timestamps, dict):
        return
    fields["timestamps"] = timestamps = _named(timestamps)
    for key, value in list(timestamps.items()):
        if isinstance(value, float) and not math.isfinite(value):
            del timestamps[key]
            repairs.append(Repair(f"timestamps.{key}", "number"))
        elif isinstance(value, datetime) and value.tzinfo and not is_clock_set(value):
            del timestamps[key]
            repairs.append(Repair(f"timestamps.{key}", "clock"))


def _repair_segments(segments: object, path: str, repairs: list[Repair]) -> None:
    if not isinstance(segments, list):
        return
    _repair_spans(segments, path, 0.0, repairs)
    for index, segment in enumerate(segments):
        if not isinstance(segment, dict):
            continue
        where = f"{path}.{index}."
        _cut_texts(segment, {"speaker": limits.MAX_SPEAKER_LENGTH}, where, repairs)
        words = segment.get("words")
        if not isinstance(words, list):
            continue
        start = segment.get("start")
        _repair_spans(words, where + "words", start if _is_number(start) else 0.0, repairs)
        too_large = len(words) * 30 > limits.MAX_SEGMENT_BYTES or (
            len(json.dumps(segment, ensure_ascii=False, default=str).encode())
            > limits.MAX_SEGMENT_BYTES
        )
        if len(words) > limits.MAX_WORDS_PER_SEGMENT or too_large:
            del segment["words"]  # the text says the same
            repairs.append(Repair(where + "words", "length"))


def _repair_spans(spans: list[Any], path: str, earliest: float, repairs: list[Repair]) -> None:
    """A time that is none is the end of what came before: the text was said about then."""
    for index, span in enumerate(spans):
        if not isinstance(span, dict):
            continue
        where = f"{path}.{index}."
        _clamp_confidence(span, where, repairs)
        start, end = span.get("start"), span.get("end")
        if _is_number(start) and not 0 <= start < math.inf:
            span["start"] = start = earliest
            repairs.append(Repair(where + "start", "number"))
        if _is_number(start) and _is_number(end) and not start <= end < math.inf:
            span["end"] = end = start
            repairs.append(Repair(where + "end", "number"))
        if _is_number(end):
            earliest = end


def _clamp_confidence(span: dict[str, Any], where: str, repairs: list[Repair]) -> None:
    value = span.get("confidence")
    # A logarithm of a probability is below 0 by much; a rounding error is not.
    if _is_number(value) and not -1e-3 <= value <= 1 + 1e-3:
        del span["confidence"]
        repairs.append(Repair(where + "confidence", "number"))
    else:
        _clamp(span, "confidence", 1, where, repairs)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
