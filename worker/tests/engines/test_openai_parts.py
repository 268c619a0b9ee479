"""The openai engine's pure parts."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transcription_worker.engines.openai.flac import longest_piece, to_flac
from transcription_worker.engines.openai.outage import Patience
from transcription_worker.engines.openai.segments import to_segments
from transcription_worker.engines.openai.verbose_json import VerboseJson, read_answer
from transcription_worker.retry import RetryPolicy


def test_times_outside_of_the_piece_move_to_its_edge() -> None:
    answer = read_answer(
        {
            "text": "a b",
            "segments": [
                {"start": -0.5, "end": 2.0, "text": " a"},
                {"start": 9.0, "end": 31.0, "text": "b "},
                {"start": 9.5, "end": 9.0, "text": "c"},
                {"start": 9.6, "end": 9.9, "text": "  "},
            ],
        },
        10.0,
    )
    segments = to_segments(answer, offset=100.0, duration=10.0, word_times=True)
    assert [(s.start, s.end, s.text) for s in segments] == [
        (100.0, 102.0, "a"),
        (109.0, 110.0, "b"),
        (109.5, 109.5, "c"),
    ]


def test_words_go_to_the_segment_of_their_middle() -> None:
    answer = read_answer(
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
        },
        2.0,
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
    answer = read_answer({"text": " all of it ", "segments": segments}, 3.0)
    (segment,) = to_segments(answer, offset=5.0, duration=3.0, word_times=True)
    assert (segment.start, segment.end, segment.text) == (5.0, 8.0, "all of it")


def test_nothing_heard_is_no_segment() -> None:
    assert to_segments(VerboseJson(text=""), offset=0.0, duration=3.0, word_times=True) == ()


def test_a_long_language_is_cut() -> None:
    assert read_answer({"text": "", "language": "x" * 50}, 1.0).language == "x" * 35
    assert read_answer({"text": "", "language": ""}, 1.0).language is None


@settings(deadline=None, max_examples=20)
@given(max_bytes=st.integers(20_000, 400_000))
def test_the_longest_piece_fits_even_if_it_is_noise(max_bytes: int) -> None:
    samples = int(longest_piece(max_bytes) * 16_000)
    assert len(to_flac(random.Random(5).randbytes(2 * samples))) <= max_bytes


POLICY = RetryPolicy(base_delay=1, max_delay=30, max_retry_after=300, jitter=0.25)


def test_pauses_grow_to_half_a_minute_and_end_with_the_limit() -> None:
    patience, now, pauses = Patience(POLICY, limit=100), 5.0, []
    while (pause := patience.pause(now, 0.5, None)) is not None:
        pauses.append(pause)
        now += pause
    assert pauses == [1, 2, 4, 8, 16, 30, 30, 9]
    assert now == 105


def test_what_the_service_wants_is_kept_up_to_five_minutes() -> None:
    patience = Patience(POLICY, limit=3_600)
    assert patience.pause(0, 0.5, 250) == 250
    assert patience.pause(250, 0.5, 1_000) == 300
    assert patience.pause(550, 0.5, 0) == 4
    assert patience.pause(3_599, 0.5, 250) == 1
    assert patience.pause(3_600, 0.5, 250) is None


def test_no_patience_at_all() -> None:
    assert Patience(POLICY, limit=0).pause(7.0, 0.5, None) is None
