"""From the answer to a piece to segments of the whole, small enough for a transcript."""

import math
from dataclasses import replace

from ...models import Segment, Word
from ..segments import clamp_span, split_segment
from .verbose_json import SpokenSegment, SpokenWord, VerboseJson


def to_segments(
    answer: VerboseJson, offset: float, duration: float, word_times: bool
) -> tuple[Segment, ...]:
    """The segments of a piece that begins at `offset` and lasts `duration` seconds.

    Each fits the endpoint's limits; times outside of the piece move to its edge.
    """
    spoken = answer.segments
    words = list(answer.words)
    if not any(segment.text for segment in spoken):
        text = answer.text or " ".join(word.text for word in words)
        spoken, words = [SpokenSegment(text, 0, duration, words=words)], []
    segments: list[Segment] = []
    for segment, following in zip(spoken, [*spoken[1:], None], strict=True):
        beside = _take_until(words, following.start if following else math.inf)
        if segment.text:
            kept = (segment.words or beside) if word_times else []
            whole = _segment(replace(segment, words=kept), offset, offset + duration)
            segments.extend(split_segment(whole))
    return tuple(segments)


def _take_until(words: list[SpokenWord], end: float) -> list[SpokenWord]:
    """Removes from the front the words whose middle is before `end`."""
    count = 0
    while count < len(words) and (words[count].start + words[count].end) / 2 < end:
        count += 1
    taken, words[:] = words[:count], words[count:]
    return taken


def _segment(spoken: SpokenSegment, offset: float, end: float) -> Segment:
    """Not validated: what was read is valid, but for the size."""

    def times(word: SpokenWord) -> tuple[float, float]:
        return clamp_span(offset + word.start, offset + word.end, offset, end)

    words = []
    for word in spoken.words:
        begin, done = times(word)
        words.append(Word(word=word.text, start=begin, end=done, confidence=word.confidence))
    begin, done = times(spoken)
    return Segment.model_construct(
        start=begin,
        end=done,
        text=spoken.text,
        speaker=spoken.speaker,
        confidence=spoken.confidence,
        words=words or None,
    )
