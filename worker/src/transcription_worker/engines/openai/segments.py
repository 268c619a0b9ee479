"""From the answer to a piece to segments of the whole, small enough for a transcript."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...limits import MAX_WORDS_PER_SEGMENT
from ...models import Segment, Word
from ...segment_size import exceeds_segment_limit
from .verbose_json import SpokenSegment, SpokenWord, VerboseJson


@dataclass(frozen=True, slots=True)
class _Clock:
    """Times of a piece as times of the whole; what lies outside of the piece moves to its edge."""

    offset: float
    duration: float

    def span(self, start: float, end: float) -> tuple[float, float]:
        begin = self._at(start)
        return begin, max(begin, self._at(end))

    def _at(self, seconds: float) -> float:
        return round(self.offset + min(max(seconds, 0.0), self.duration), 3)


def to_segments(
    answer: VerboseJson, offset: float, duration: float, word_times: bool
) -> tuple[Segment, ...]:
    """The segments of a piece that begins at `offset` and lasts `duration` seconds.

    Each fits the endpoint's limits: what is longer is split, at words where their times are known,
    else between words, the time in proportion.
    """
    clock = _Clock(offset, duration)
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
            segments.extend(_split(replace(segment, words=kept), clock))
    return tuple(segments)


def _take_until(words: list[SpokenWord], end: float) -> list[SpokenWord]:
    """Removes from the front the words whose middle is before `end`."""
    count = 0
    while count < len(words) and (words[count].start + words[count].end) / 2 < end:
        count += 1
    taken, words[:] = words[:count], words[count:]
    return taken


def _split(spoken: SpokenSegment, clock: _Clock) -> list[Segment]:
    """The segment in pieces that fit, in their order."""
    if len(spoken.words) <= MAX_WORDS_PER_SEGMENT:
        segment = _segment(spoken, clock)
        if not exceeds_segment_limit(segment):
            return [segment]
    if len(spoken.words) > 1:
        halves = _halve_at_word(spoken)
    else:
        # A single word this long is no word.
        halves = _halve_text(replace(spoken, words=[]))
    return [segment for half in halves for segment in _split(half, clock)]


def _halve_at_word(segment: SpokenSegment) -> tuple[SpokenSegment, SpokenSegment]:
    middle = len(segment.words) // 2
    first, second = segment.words[:middle], segment.words[middle:]
    tokens = segment.text.split()
    if len(tokens) == len(segment.words):
        texts = " ".join(tokens[:middle]), " ".join(tokens[middle:])
    else:
        cut = _gap_near(segment.text, len(segment.text) * middle // len(segment.words))
        texts = segment.text[:cut].strip(), segment.text[cut:].strip()
    return (
        replace(segment, text=texts[0] or _joined(first), end=first[-1].end, words=first),
        replace(segment, text=texts[1] or _joined(second), start=second[0].start, words=second),
    )


def _halve_text(segment: SpokenSegment) -> tuple[SpokenSegment, SpokenSegment]:
    cut = _gap_near(segment.text, len(segment.text) // 2)
    share = cut / len(segment.text)
    between = segment.start + (segment.end - segment.start) * share
    return (
        replace(segment, text=segment.text[:cut].strip(), end=between),
        replace(segment, text=segment.text[cut:].strip(), start=between),
    )


def _gap_near(text: str, index: int) -> int:
    """The gap between two words that is nearest to `index`; `index` where there is none near."""
    reach = len(text) // 4
    gaps = (text.rfind(" ", index - reach, index), text.find(" ", index, index + reach))
    return min((gap for gap in gaps if gap > 0), key=lambda gap: abs(gap - index), default=index)


def _joined(words: Sequence[SpokenWord]) -> str:
    return " ".join(word.text for word in words)


def _segment(spoken: SpokenSegment, clock: _Clock) -> Segment:
    """Not validated: what was read is valid, but for the size."""
    start, end = clock.span(spoken.start, spoken.end)
    words = []
    for word in spoken.words:
        begin, done = clock.span(word.start, word.end)
        words.append(Word(word=word.text, start=begin, end=done, confidence=word.confidence))
    return Segment.model_construct(
        start=start,
        end=end,
        text=spoken.text,
        speaker=spoken.speaker,
        confidence=spoken.confidence,
        words=words or None,
    )
