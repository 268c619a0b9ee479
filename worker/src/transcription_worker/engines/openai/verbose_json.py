"""Reading the service's answer, `verbose_json`, as forgivingly as it can be read.

What is odd is repaired or left out, and counted: one odd segment must not cost the others.
"""

import itertools
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ...limits import MAX_LANGUAGE_LENGTH, MAX_SPEAKER_LENGTH
from ...text import cut_utf16, to_storable
from ..languages import language_code
from ..segments import log_to_confidence, to_confidence

# A time that lies so many durations of the piece from its beginning is not in seconds.
_ABSURD = 1_000
_NANOSECOND = 1e-9


@dataclass(slots=True)
class SpokenWord:
    """Times in seconds from the beginning of the piece, `confidence` 0 to 1."""

    text: str
    start: float
    end: float
    confidence: float | None = None


@dataclass(slots=True)
class SpokenSegment(SpokenWord):
    """Times as in `SpokenWord`; `words` are there where the service puts them into segments."""

    speaker: str | None = None
    words: list[SpokenWord] = field(default_factory=list)


@dataclass(slots=True)
class VerboseJson:
    """The whole answer. OpenAI puts the words beside the segments, some servers into them.

    Segments and words are in the order of their times. `repaired` and `dropped` count those that
    were odd.
    """

    text: str
    language: str | None = None
    segments: list[SpokenSegment] = field(default_factory=list)
    words: list[SpokenWord] = field(default_factory=list)
    repaired: int = 0
    dropped: int = 0


def parse_json(body: bytes) -> object:
    """JSON as servers write it: a byte order mark, NaN and broken UTF-8 are borne.

    Raises `ValueError` for anything else.
    """
    try:
        # Numbers of thousands of digits are no error as floats.
        return json.loads(body.decode("utf-8-sig", "replace"), parse_int=float, strict=False)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def read_answer(answer: dict[str, Any], duration: float) -> VerboseJson:
    """The answer to a piece of `duration` seconds."""
    reading = _Reading(answer, duration)
    words = reading.words(answer.get("words"), 0.0, duration)
    segments = reading.segments(answer.get("segments"))
    language = _text(answer.get("language")).strip()
    return VerboseJson(
        text=_text(answer.get("text")).strip(),
        language=cut_utf16(language_code(language), MAX_LANGUAGE_LENGTH) or None,
        segments=segments,
        words=words,
        repaired=reading.repaired,
        dropped=reading.dropped,
    )


def time_unit(times: Iterable[float], duration: float) -> float:
    """Seconds that the service counts in, from all times of an answer: 1, or a nanosecond.

    LocalAI writes whole nanoseconds, so that everything but 0 lies far beyond the piece. A single
    time within reason says that they are seconds.
    """
    later = [time for time in times if time > 0]
    nanoseconds = later and min(later) > _ABSURD * max(duration, 1.0)
    return _NANOSECOND if nanoseconds else 1.0


@dataclass(slots=True)
class _Span:
    """Something said, with the times that the service gave for it, in seconds."""

    given: dict[str, Any]
    text: str
    start: float | None
    end: float | None


class _Reading:
    """Reads spans and counts the odd ones."""

    def __init__(self, answer: dict[str, Any], duration: float) -> None:
        self.repaired = 0
        self.dropped = 0
        self._duration = duration
        self._unit = time_unit(_all_times(answer), duration)

    def segments(self, given: object) -> list[SpokenSegment]:
        found = []
        for span, start, end in self._placed(given, 0.0, self._duration):
            words = self.words(span.given.get("words"), start, end)
            text = span.text.strip()
            if not text and words:
                text = " ".join(word.text for word in words)
                self.repaired += 1
            confidence = _confidence(span.given)
            speaker = _speaker(span.given.get("speaker"))
            found.append(SpokenSegment(text, start, end, confidence, speaker, words))
        return found

    def words(self, given: object, start: float, end: float) -> list[SpokenWord]:
        """The words of what lasts from `start` to `end`."""
        placed = list(self._placed(given, start, end))
        # whisper.cpp gives tokens: what does not begin with a space belongs to the word before.
        spaced = any(span.text[:1].isspace() for span, _, _ in placed)
        words: list[SpokenWord] = []
        for span, begin, done in placed:
            text = span.text.strip()
            if spaced and words and not span.text[:1].isspace():
                words[-1].text += text
                words[-1].end = max(words[-1].end, done)
            elif text:
                words.append(SpokenWord(text, begin, done, _confidence(span.given)))
        return words

    def _placed(
        self, given: object, start: float, end: float
    ) -> Iterator[tuple[_Span, float, float]]:
        """What was said from `start` to `end`, in its order, each with its times."""
        spans = self._spans(given)
        starts: list[float] = []
        before = start
        for span in spans:
            starts.append(before if span.start is None else span.start)
            before = max(starts[-1], span.end or 0.0)
        ordered = sorted(zip(starts, spans, strict=True), key=lambda pair: pair[0])
        for index, (begin, span) in enumerate(ordered):
            following = ordered[index + 1][0] if index + 1 < len(ordered) else end
            done = following if span.end is None else span.end
            if span.start is None or span.end is None or done < begin:
                self.repaired += 1
            yield span, begin, max(begin, done)

    def _spans(self, given: object) -> list[_Span]:
        if not isinstance(given, list):
            return []
        spans = []
        for entry in given:
            if not isinstance(entry, dict):
                self.dropped += 1
                continue
            text = _text(entry.get("word")) or _text(entry.get("text"))
            if not text and not isinstance(entry.get("text"), str) and not entry.get("words"):
                self.dropped += 1
                continue
            spans.append(_Span(entry, text, self._time(entry, "start"), self._time(entry, "end")))
        return spans

    def _time(self, entry: dict[str, Any], key: str) -> float | None:
        seconds = _number(entry.get(key))
        if seconds is None or seconds * self._unit > _ABSURD * max(self._duration, 1.0):
            return None
        return seconds * self._unit


def _all_times(answer: dict[str, Any]) -> Iterator[float]:
    segments = _objects(answer.get("segments"))
    words = (word for segment in segments for word in _objects(segment.get("words")))
    for entry in itertools.chain(segments, _objects(answer.get("words")), words):
        yield from filter(None, (_number(entry.get(key)) for key in ("start", "end")))


def _objects(value: object) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    return to_storable(value) if isinstance(value, str) else ""


def _number(value: object) -> float | None:
    """A finite number, also one that is written as a string."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _confidence(entry: dict[str, Any]) -> float | None:
    """How sure the service is, 0 to 1: a probability, or the mean of the tokens' logarithms."""
    for key in ("confidence", "probability"):
        if (probability := _number(entry.get(key))) is not None:
            return to_confidence(probability)
    logarithm = _number(entry.get("avg_logprob"))
    return None if logarithm is None else log_to_confidence(logarithm)


def _speaker(value: object) -> str | None:
    """Who speaks: a name, or a number as some services count them."""
    if isinstance(value, float):
        value = f"{value:g}"
    return cut_utf16(_text(value).strip(), MAX_SPEAKER_LENGTH) or None
