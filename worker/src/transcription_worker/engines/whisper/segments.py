"""From what Whisper found to segments of the wire."""

from collections.abc import Sequence
from typing import Any, Protocol

from ...models import Segment, Word
from ...text import to_storable
from ..segments import clamp_span, log_to_confidence, split_segment, to_confidence


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
    begin, done = clamp_span(found.start + offset, found.end + offset, offset, end)
    words = []
    for word in found.words or ():
        spoken = to_storable(word.word).strip()
        if not spoken:
            continue
        start, stop = clamp_span(word.start + offset, word.end + offset, begin, done)
        confidence = to_confidence(word.probability)
        words.append(Word(word=spoken, start=start, end=stop, confidence=confidence))
    confidence = log_to_confidence(found.avg_logprob)
    segment = Segment.model_construct(
        start=begin, end=done, text=text, confidence=confidence, words=words or None
    )
    return [part.model_dump(exclude_none=True) for part in split_segment(segment)]
