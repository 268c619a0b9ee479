"""Cutting at silences."""

import array
import itertools
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.recording import speech_pcm, write_pcm
from transcription_worker.audio import SAMPLE_RATE, cut_at_silences
from transcription_worker.audio.pcm import loudest
from transcription_worker.audio.pieces import quietest_pause


def noise(seconds: float) -> bytes:
    chance = random.Random(1)
    samples = int(seconds * SAMPLE_RATE)
    return array.array("h", [chance.randint(-9_000, 9_000) for _ in range(samples)]).tobytes()


def silence(seconds: float) -> bytes:
    return bytes(2 * int(seconds * SAMPLE_RATE))


@pytest.mark.parametrize(
    ("levels", "middle"),
    [
        ([5], 0),
        ([9, 9, 1, 9], 2),
        ([9] * 40 + [0] * 25 + [9] * 40, 52),
        # One quiet reading, such as a "t", is no pause.
        ([9] * 10 + [0] + [9] * 40 + [2] * 25 + [9] * 10, 63),
        # Of equal ones the last, so that pieces are long.
        ([0] * 100, 87),
    ],
)
def test_quietest_pause(levels: list[int], middle: int) -> None:
    assert quietest_pause(levels) == middle


def test_cuts_where_it_is_silent(tmp_path: Path) -> None:
    pcm = noise(3) + silence(0.7) + noise(4) + silence(0.6) + noise(2)
    pieces = cut_at_silences(write_pcm(tmp_path / "pcm", pcm), max_seconds=6)
    assert [3.0 < piece.offset < 3.7 or 7.7 < piece.offset < 8.3 for piece in pieces[1:]] == [
        True,
        True,
    ]


def test_sentences_stay_whole(tmp_path: Path) -> None:
    audio = write_pcm(tmp_path / "pcm", speech_pcm())
    for piece in cut_at_silences(audio, max_seconds=7)[1:]:
        around = audio.read(piece.start - 1_600, piece.start + 1_600)
        assert loudest(around) < 200, f"somebody speaks at {piece.offset} s"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(samples=st.integers(1, 200_000), limit=st.floats(0.02, 20))
def test_pieces_are_short_enough_and_leave_nothing_out(
    samples: int, limit: float, tmp_path: Path
) -> None:
    audio = write_pcm(tmp_path / "pcm", bytes(samples * 2))
    pieces = cut_at_silences(audio, limit)
    assert pieces[0].start == 0
    assert pieces[-1].end == samples
    for piece, following in itertools.pairwise(pieces):
        assert piece.end == following.start
    for piece in pieces:
        assert 0 < piece.duration <= limit
