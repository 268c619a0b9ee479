"""From what Whisper found to segments of the wire."""

import math
from collections.abc import Sequence
from typing import Any, Protocol

from ...text import to_storable
from ..split import split_segment


class FoundWord(Protocol):
    """A word as faster-whisper gives it: seconds, probability 0 to 1, a space in front."""

    word: str
    start: float
    end: float
    probability: float


class FoundSegment(Protocol):
    """`avg_logprob` is the mean logarithm of the tokens' probability."""

    start: float
    end: float
    text: str
    avg_logprob: float

    @property
    def words(self) -> Sequence[FoundWord] | None:
        """`None` where nobody asked for them."""


def to_segments(found: FoundSegment, offset: float, end: float) -> list[dict[str, Any]]:
    """One segment as JSON, several where it exceeds a limit of the wire, none without text.

    `offset` and `end` are the seconds at which the piece of audio begins and ends in which it was
    found, whose own times begin at 0.
    """
    text = to_storable(found.text).strip()
    if not text:
        return []
    begin = _clamp(found.start + offset, offset, end)
    done = _clamp(found.end + offset, begin, end)
    words = []
    for word in found.words or ():
        spoken = to_storable(word.word).strip()
        if not spoken:
            continue
        start = _clamp(word.start + offset, begin, done)
        stop = _clamp(word.end + offset, start, done)
        confidence = _confidence(word.probability)
        words.append({"word": spoken, "start": start, "end": stop, "confidence": confidence})
    segment: dict[str, Any] = {"start": begin, "end": done, "text": text}
    segment["confidence"] = _confidence(math.exp(min(found.avg_logprob, 0.0)))
    if words:
        segment["words"] = words
    return split_segment(segment)


def _clamp(seconds: float, low: float, high: float) -> float:
    # Comparisons with NaN are false, so that one becomes `low`.
    return round(float(min(seconds, high)) if seconds > low else low, 3)


def _confidence(value: float) -> float | None:
    return round(float(min(max(value, 0.0), 1.0)), 4) if math.isfinite(value) else None
