"""Reading the service's answer, `verbose_json`."""

import math
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from ...limits import MAX_LANGUAGE_LENGTH
from ...models import Segment, Word
from ...text import cut_utf16


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, hide_input_in_errors=True)


class SpokenWord(_Answer):
    """Times in seconds from the beginning of the piece."""

    word: str
    start: float
    end: float


class SpokenSegment(_Answer):
    """Times as in `SpokenWord`; `avg_logprob` is the mean logarithm of the tokens' probability."""

    start: float
    end: float
    text: str
    avg_logprob: float | None = None
    words: list[SpokenWord] | None = None


class VerboseJson(_Answer):
    """The whole answer. OpenAI puts the words beside the segments, some servers into them."""

    text: str
    language: str | None = None
    segments: list[SpokenSegment] | None = None
    words: list[SpokenWord] | None = None

    @property
    def language_name(self) -> str | None:
        """The language, as the service calls it."""
        return cut_utf16(self.language, MAX_LANGUAGE_LENGTH) if self.language else None


class _Clock(BaseModel):
    """Times of a piece as times of the whole; what lies outside of the piece moves to its edge."""

    offset: float
    duration: float = Field(ge=0)

    def span(self, start: float, end: float) -> tuple[float, float]:
        begin = self._at(start)
        return begin, max(begin, self._at(end))

    def _at(self, seconds: float) -> float:
        return round(self.offset + min(max(seconds, 0.0), self.duration), 3)


def to_segments(
    answer: VerboseJson, offset: float, duration: float, word_times: bool
) -> tuple[Segment, ...]:
    """The segments of a piece that begins at `offset` and lasts `duration` seconds."""
    clock = _Clock(offset=offset, duration=duration)
    spoken = answer.segments
    if not spoken:
        spoken = [SpokenSegment(start=0, end=duration, text=answer.text, words=answer.words)]
    segments = []
    words = list(answer.words or ()) if answer.segments else []
    for segment, following in zip(spoken, [*spoken[1:], None], strict=True):
        own = segment.words or []
        if not segment.words:
            own = _take_until(words, following.start if following else math.inf)
        text = segment.text.strip()
        if text:
            segments.append(_segment(segment, text, own if word_times else [], clock))
    return tuple(segments)


def _take_until(words: list[SpokenWord], end: float) -> list[SpokenWord]:
    """Removes from the front the words whose middle is before `end`."""
    count = 0
    while count < len(words) and (words[count].start + words[count].end) / 2 < end:
        count += 1
    taken, words[:] = words[:count], words[count:]
    return taken


def _segment(
    spoken: SpokenSegment, text: str, words: Sequence[SpokenWord], clock: _Clock
) -> Segment:
    start, end = clock.span(spoken.start, spoken.end)
    confidence = None
    if spoken.avg_logprob is not None:
        confidence = round(min(1.0, math.exp(min(spoken.avg_logprob, 0.0))), 4)
    timed = [(word.word.strip(), clock.span(word.start, word.end)) for word in words]
    return Segment(
        start=start,
        end=end,
        text=text,
        confidence=confidence,
        words=[Word(word=word, start=begin, end=done) for word, (begin, done) in timed] or None,
    )
