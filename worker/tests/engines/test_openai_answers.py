"""What the services answer, each in its own way: see `answers/README.md`."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transcription_worker import Segment
from transcription_worker.engines.languages import language_code
from transcription_worker.engines.openai.segments import to_segments
from transcription_worker.engines.openai.verbose_json import (
    VerboseJson,
    parse_json,
    read_answer,
    time_unit,
)

ANSWERS = Path(__file__).parent / "answers"
FIRST = "The birch canoe slid on the smooth planks."
SECOND = "Glue the sheet to the dark blue background."


def read(body: bytes, duration: float = 8.0) -> VerboseJson:
    answer = parse_json(body)
    assert isinstance(answer, dict)
    return read_answer(answer, duration)


def segments_of(answer: dict[str, Any], duration: float = 10.0) -> tuple[Segment, ...]:
    return to_segments(read_answer(answer, duration), 0.0, duration, word_times=True)


def bare(word: str) -> str:
    return word.strip(".,").lower()


@pytest.mark.parametrize(
    ("name", "language", "words", "speakers", "confidence"),
    [
        ("openai_whisper_1", "en", True, [None, None], 0.7788),
        ("groq", "en", True, [None, None], 0.7788),
        ("speaches", "en", True, [None, None], 0.7788),
        ("whisper_cpp", "en", True, [None, None], 0.7788),
        ("localai", None, False, [None, None], None),
        ("vllm", None, False, [None, None], 0.7788),
        ("diarized", None, False, ["A", "B"], None),
    ],
)
def test_each_service_is_understood(
    name: str, language: str | None, words: bool, speakers: list[str], confidence: float
) -> None:
    answer = read((ANSWERS / f"{name}.json").read_bytes())
    assert (answer.language, answer.repaired, answer.dropped) == (language, 0, 0)
    segments = to_segments(answer, offset=100.0, duration=8.0, word_times=True)
    assert [(s.start, s.end, s.text) for s in segments] == [
        (100.0, 103.0, FIRST),
        (103.6, 106.8, SECOND),
    ]
    assert [s.speaker for s in segments] == speakers
    assert segments[0].confidence == confidence
    for segment in segments:
        if words:
            assert segment.words is not None
            spoken = [bare(word.word) for word in segment.words]
            assert spoken == [bare(word) for word in segment.text.split()]
            assert segment.words[0].start == segment.start
            assert segment.words[-1].end == segment.end
        else:
            assert segment.words is None


@pytest.mark.parametrize("name", ["groq_words_only", "faster_whisper_server"])
def test_words_without_segments_are_one_segment(name: str) -> None:
    (segment,) = to_segments(read((ANSWERS / f"{name}.json").read_bytes()), 0.0, 8.0, True)
    assert (segment.start, segment.end, segment.text) == (0.0, 8.0, f"{FIRST} {SECOND}")
    assert segment.words is not None
    assert len(segment.words) == 16


def test_every_file_is_tried() -> None:
    assert len(list(ANSWERS.glob("*.json"))) == 9


GOOD = {"start": 0, "end": 1, "text": "good"}
LAST = {"start": 8, "end": 9, "text": "last"}


@pytest.mark.parametrize(
    ("odd", "becomes", "counts"),
    [
        ({"start": 2, "end": 3, "text": None}, None, (0, 1)),
        ({"start": 2, "end": 3}, None, (0, 1)),
        ({"start": 2, "end": 3, "text": {}}, None, (0, 1)),
        (None, None, (0, 1)),
        ("text", None, (0, 1)),
        ({"start": None, "end": None, "text": "odd"}, (1, 8, "odd"), (1, 0)),
        ({"start": 2, "text": "odd"}, (2, 8, "odd"), (1, 0)),
        ({"end": 3, "text": "odd"}, (1, 3, "odd"), (1, 0)),
        ({"start": float("nan"), "end": float("inf"), "text": "odd"}, (1, 8, "odd"), (1, 0)),
        ({"start": 1e15, "end": 1e16, "text": "odd"}, (1, 8, "odd"), (1, 0)),
        ({"start": 3, "end": 2, "text": "odd"}, (3, 3, "odd"), (1, 0)),
        ({"start": "2.5", "end": " 3 ", "text": "odd"}, (2.5, 3, "odd"), (0, 0)),
        ({"start": "soon", "end": True, "text": "odd"}, (1, 8, "odd"), (1, 0)),
        ({"start": 2, "end": 3, "text": "a\ud800b\0c"}, (2, 3, "a\ufffdbc"), (0, 0)),
        (
            {"start": 2, "end": 3, "text": None, "words": [{"text": "odd", "start": 2, "end": 3}]},
            (2, 3, "odd"),
            (1, 0),
        ),
        (
            {"start": 2, "end": 3, "text": "odd", "words": "none", "speaker": []},
            (2, 3, "odd"),
            (0, 0),
        ),
    ],
)
def test_one_odd_segment_costs_no_other(
    odd: object, becomes: tuple[float, float, str] | None, counts: tuple[int, int]
) -> None:
    answer = {"text": "", "segments": [GOOD, odd, LAST]}
    reading = read(json.dumps(answer).encode("utf-8", "surrogatepass"), 10.0)
    assert (reading.repaired, reading.dropped) == counts
    found = [(s.start, s.end, s.text) for s in to_segments(reading, 0.0, 10.0, True)]
    expected = [(0, 1, "good"), becomes, (8, 9, "last")]
    assert found == [one for one in expected if one is not None]


def test_a_byte_order_mark_and_raw_control_characters_are_no_fault() -> None:
    body = b'\xef\xbb\xbf{"text": "a\x01\\u0000\xffb", "n": 1' + b"0" * 5_000 + b"}"
    assert read(body).text == "a\x01\ufffdb"


@pytest.mark.parametrize("body", [b"<html>", b"[" * 200_000, b'{"text": "', b"\xff\xfe{"])
def test_what_is_no_json_is_an_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_json(body)


def test_segments_and_words_are_sorted() -> None:
    segments = segments_of(
        {
            "segments": [LAST, GOOD],
            "words": [
                {"word": "last", "start": 8, "end": 9},
                {"word": "good", "start": 0, "end": 1},
            ],
        }
    )
    assert [[word.word for word in s.words or ()] for s in segments] == [["good"], ["last"]]


def test_odd_words_are_repaired_or_left_out() -> None:
    words = [
        {"word": "one", "start": 0, "end": 1, "probability": 1.00001},
        {"text": "two"},
        {"word": None, "start": 1, "end": 2},
        {"word": "three", "start": "3", "end": 3.5, "confidence": "high"},
    ]
    reading = read_answer({"text": "one two three", "words": words}, 4.0)
    assert (reading.repaired, reading.dropped) == (1, 1)
    (segment,) = to_segments(reading, 0.0, 4.0, True)
    assert segment.words is not None
    assert [(w.word, w.start, w.end, w.confidence) for w in segment.words] == [
        ("one", 0, 1, 1.0),
        ("two", 1, 3, None),
        ("three", 3, 3.5, None),
    ]


@pytest.mark.parametrize(
    ("times", "duration", "unit"),
    [
        ([], 10.0, 1.0),
        ([0.0], 10.0, 1.0),
        ([0.0, 9_640_000_000.0, 15_960_000_000.0], 16.0, 1e-9),
        # The first word of a long piece.
        ([0.0, 80_000_000.0], 700.0, 1e-9),
        # Whisper hears up to 30 seconds in whatever it is given.
        ([0.0, 30.0], 0.02, 1.0),
        # One absurd time among good ones.
        ([1.0, 5e12], 10.0, 1.0),
        ([2_000.0, 4_000.0], 10.0, 1.0),
    ],
)
def test_nanoseconds_are_recognised(times: list[float], duration: float, unit: float) -> None:
    assert time_unit(times, duration) == unit


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("english", "en"),
        ("English", "en"),
        ("haitian creole", "ht"),
        ("Castilian", "es"),
        ("javanese", "jv"),
        ("cantonese", "yue"),
        ("en", "en"),
        ("pt-BR", "pt-BR"),
        ("Klingon", "Klingon"),
    ],
)
def test_language_names_become_codes(name: str, code: str) -> None:
    assert language_code(name) == code


odd_values = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers(-5, 10**18)
    | st.text(st.characters(), max_size=5)
    | st.sampled_from(["1.5", "nan", "\ud800", "\0", " a", "english"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["text", "word", "start", "end", "words", "speaker", "confidence"]),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)
odd_answers = st.dictionaries(
    st.sampled_from(["text", "segments", "words", "language", "duration"]),
    odd_values | st.lists(odd_values, max_size=5),
)


@settings(deadline=None)
@given(answer=odd_answers, duration=st.floats(0.02, 400), word_times=st.booleans())
def test_nothing_that_a_service_says_breaks_a_job(
    answer: dict[str, Any], duration: float, word_times: bool
) -> None:
    reading = read_answer(answer, duration)
    for segment in to_segments(reading, 50.0, duration, word_times):
        assert Segment.model_validate(segment.model_dump()) == segment
        assert segment.text
        assert 50 <= segment.start <= segment.end <= 50 + duration + 0.001
