"""Segments that the wire takes, of what an engine heard."""

import math
from collections.abc import Iterable

from ..limits import MAX_WORDS_PER_SEGMENT
from ..models import Segment, Word
from ..segment_size import exceeds_segment_limit


def clamp_span(start: float, end: float, low: float, high: float) -> tuple[float, float]:
    """The times in milliseconds' steps, in order; what lies outside of the limits moves to them."""
    begin = _clamp(start, low, high)
    return begin, _clamp(end, begin, high)


def _clamp(seconds: float, low: float, high: float) -> float:
    # Comparisons with NaN are false, so that one becomes `low`.
    return round(float(min(seconds, high)) if seconds > low else low, 3)


def to_confidence(probability: float) -> float | None:
    """A probability as it is sent; `None` where it is no number."""
    if not math.isfinite(probability):
        return None
    return round(float(min(max(probability, 0.0), 1.0)), 4)


def log_to_confidence(logarithm: float) -> float | None:
    """The same from Whisper's `avg_logprob`, the mean logarithm of the tokens' probability."""
    return to_confidence(math.exp(min(logarithm, 0.0)))


def split_segment(segment: Segment) -> list[Segment]:
    """The segment in parts that have at most 2,000 words and 64 KiB each.

    It is split at words where their times are known, else between words, the time in proportion.
    Neither text nor words are lost, but for a word that is too large by itself: it is no word.
    `segment`, valid but for its size, comes by `model_construct`.
    """
    words = segment.words or []
    if len(words) <= MAX_WORDS_PER_SEGMENT and not exceeds_segment_limit(segment):
        return [segment]
    if len(words) == 1:
        return split_segment(segment.model_copy(update={"words": None}))
    return [part for half in _halve(segment) for part in split_segment(half)]


def _halve(segment: Segment) -> tuple[Segment, Segment]:
    text, words = segment.text, segment.words or []
    count = len(words) // 2
    first, second = words[:count], words[count:]
    tokens = text.split()
    if len(tokens) == len(words):
        text, cut = " ".join(tokens), len(" ".join(tokens[:count]))
    else:
        cut = _gap_near(text, len(text) * count // len(words) if words else len(text) // 2)
    before, after = text[:cut].strip(), text[cut:].strip()
    if words:
        end, start = first[-1].end, second[0].start
        before, after = before or _joined(first), after or _joined(second)
    else:
        end = start = segment.start + (segment.end - segment.start) * cut / len(text)
    low, high = segment.start, segment.end
    _, end = clamp_span(low, end, low, high)
    start, _ = clamp_span(start, high, low, high)
    return (
        segment.model_copy(update={"end": end, "text": before, "words": first or None}),
        segment.model_copy(update={"start": start, "text": after, "words": second or None}),
    )


def _gap_near(text: str, index: int) -> int:
    """The gap between two words that is nearest to `index`; `index` where there is none near."""
    reach = len(text) // 4
    gaps = (text.rfind(" ", index - reach, index), text.find(" ", index, index + reach))
    return min((gap for gap in gaps if gap > 0), key=lambda gap: abs(gap - index), default=index)


def _joined(words: Iterable[Word]) -> str:
    return " ".join(word.word for word in words)
