"""The pure parts of the Whisper engine: languages, and what becomes of a segment."""

import math
from dataclasses import dataclass

import pytest
from faster_whisper.tokenizer import _LANGUAGE_CODES
from hypothesis import given, settings
from hypothesis import strategies as st

from transcription_worker import Segment, Word
from transcription_worker.engines.languages import WHISPER_CODES, whisper_code
from transcription_worker.engines.segments import split_segment
from transcription_worker.engines.whisper.segments import to_segments


@dataclass
class FoundWord:
    word: str
    start: float
    end: float
    probability: float = 0.9


@dataclass
class FoundSegment:
    start: float
    end: float
    text: str
    avg_logprob: float = -0.1
    words: list[FoundWord] | None = None


def test_the_languages_are_whispers() -> None:
    assert sorted(WHISPER_CODES) == sorted(_LANGUAGE_CODES)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("en", "en"),
        ("EN-gb", "en"),
        ("zh_Hans_CN", "zh"),
        ("German", "de"),
        ("haitian  Creole", "ht"),
        ("nb-NO", "no"),
        ("yue", "yue"),
        ("", None),
        ("e", None),
        ("klingon", None),
    ],
)
def test_codes_and_names(given: str, code: str | None) -> None:
    assert whisper_code(given) == code


def test_times_are_those_of_the_whole_audio() -> None:
    found = FoundSegment(
        1.0,
        2.5,
        " Hello there.",
        -0.2,
        [FoundWord(" Hello", 0.9, 1.5), FoundWord(" there.", 1.5, 2.9)],
    )
    (segment,) = to_segments(found, offset=600.0, end=1_200.0)
    assert segment == {
        "start": 601.0,
        "end": 602.5,
        "text": "Hello there.",
        "confidence": 0.8187,
        # What lies outside of the segment moves to its edge.
        "words": [
            {"word": "Hello", "start": 601.0, "end": 601.5, "confidence": 0.9},
            {"word": "there.", "start": 601.5, "end": 602.5, "confidence": 0.9},
        ],
    }


def test_without_text_there_is_no_segment() -> None:
    assert to_segments(FoundSegment(0, 1, " \n"), 0, 10) == []


_ODD = st.floats(allow_nan=True, allow_infinity=True)


@settings(max_examples=50)
@given(
    st.tuples(_ODD, _ODD, _ODD, _ODD, _ODD, _ODD),
    st.text(max_size=20),
    st.text(max_size=5),
)
def test_whatever_whisper_finds_can_be_sent(
    numbers: tuple[float, float, float, float, float, float], text: str, word: str
) -> None:
    words = [FoundWord(word, numbers[2], numbers[3], numbers[4])]
    found = FoundSegment(numbers[0], numbers[1], text, numbers[5], words)
    for part in to_segments(found, 5.0, 20.0):
        segment = Segment.model_validate(part)
        assert 5.0 <= segment.start <= segment.end <= 20.0


def _spoken(count: int, word: str = "word") -> FoundSegment:
    words = [FoundWord(f" {word}", n / 100, (n + 1) / 100) for n in range(count)]
    return FoundSegment(0.0, count / 100, "".join(w.word for w in words), -0.1, words)


@pytest.mark.parametrize(
    "found",
    [
        _spoken(2_001),
        _spoken(9_000),
        _spoken(1_900, "ä" * 40),
        FoundSegment(0.0, 30.0, "again and " * 20_000),
        FoundSegment(0.0, 30.0, "字" * 60_000),
        FoundSegment(0.0, 30.0, "\U0001f600" * 30_000),
    ],
)
def test_what_exceeds_the_wires_limits_is_split(found: FoundSegment) -> None:
    """Loops of a model that lost its way are long."""
    parts = [Segment.model_validate(part) for part in to_segments(found, 0.0, 100.0)]
    assert len(parts) > 1
    assert "".join(p.text for p in parts).replace(" ", "") == found.text.replace(" ", "")
    words = [word.word for part in parts for word in part.words or ()]
    assert words == [word.word.strip() for word in found.words or ()]
    at = 0.0
    for part in parts:
        assert at <= part.start <= part.end
        at = part.end
        for word in part.words or ():
            assert part.start <= word.start <= word.end <= part.end
    assert math.isclose(at, found.end)


def test_a_word_that_is_too_large_is_dropped_and_its_text_kept() -> None:
    text = "x" * 200_000
    word = Word(word=text, start=0.0, end=1.0)
    segment = Segment.model_construct(start=0.0, end=1.0, text=text, words=[word])
    parts = [Segment.model_validate(part.model_dump()) for part in split_segment(segment)]
    assert "".join(part.text for part in parts) == text
    assert all(part.words is None for part in parts)


def test_what_fits_stays_as_it_is() -> None:
    segment = Segment(start=0.0, end=1.0, text="hello", speaker="A")
    assert split_segment(segment) == [segment]
