"""The openai engine's pure parts."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transcription_worker.engines.openai.flac import longest_piece, to_flac
from transcription_worker.engines.openai.verbose_json import VerboseJson, to_segments


def test_times_outside_of_the_piece_move_to_its_edge() -> None:
    answer = VerboseJson.model_validate(
        {
            "text": "a b",
            "segments": [
                {"start": -0.5, "end": 2.0, "text": " a"},
                {"start": 9.0, "end": 31.0, "text": "b "},
                {"start": 9.5, "end": 9.0, "text": "c"},
                {"start": 9.6, "end": 9.9, "text": "  "},
            ],
        }
    )
    segments = to_segments(answer, offset=100.0, duration=10.0, word_times=True)
    assert [(s.start, s.end, s.text) for s in segments] == [
        (100.0, 102.0, "a"),
        (109.0, 110.0, "b"),
        (109.5, 109.5, "c"),
    ]


def test_words_go_to_the_segment_of_their_middle() -> None:
    answer = VerboseJson.model_validate(
        {
            "text": "a b c",
            "segments": [
                {"start": 0, "end": 1, "text": "a b"},
                {"start": 1, "end": 2, "text": "c"},
            ],
            "words": [
                {"word": "a", "start": 0.0, "end": 0.4},
                {"word": "b", "start": 0.5, "end": 1.2},
                {"word": "c", "start": 1.1, "end": 2.5},
            ],
        }
    )
    segments = to_segments(answer, offset=0.0, duration=2.0, word_times=True)
    assert [[word.word for word in segment.words or []] for segment in segments] == [
        ["a", "b"],
        ["c"],
    ]
    assert segments[1].words is not None
    assert segments[1].words[0].end == 2.0


@pytest.mark.parametrize("segments", [None, []])
def test_a_text_without_segments_is_one(segments: object) -> None:
    answer = VerboseJson.model_validate({"text": " all of it ", "segments": segments})
    (segment,) = to_segments(answer, offset=5.0, duration=3.0, word_times=True)
    assert (segment.start, segment.end, segment.text) == (5.0, 8.0, "all of it")


def test_nothing_heard_is_no_segment() -> None:
    assert to_segments(VerboseJson(text=""), offset=0.0, duration=3.0, word_times=True) == ()


def test_a_long_language_is_cut() -> None:
    assert VerboseJson(text="", language="x" * 50).language_name == "x" * 35
    assert VerboseJson(text="", language="").language_name is None


@settings(deadline=None, max_examples=20)
@given(max_bytes=st.integers(20_000, 400_000))
def test_the_longest_piece_fits_even_if_it_is_noise(max_bytes: int) -> None:
    samples = int(longest_piece(max_bytes) * 16_000)
    assert len(to_flac(random.Random(5).randbytes(2 * samples))) <= max_bytes
