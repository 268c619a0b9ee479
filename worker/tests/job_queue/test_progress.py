"""How far a job is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcription_worker.queue.run import (
    decoding_progress,
    seconds_left,
    transcribing_progress,
)

SHARES = st.floats(0, 2, allow_nan=False)


@given(first=SHARES, second=SHARES)
def test_progress_only_grows_and_leaves_the_last_percent_to_the_end(
    first: float, second: float
) -> None:
    low, high = sorted((first, second))
    for progress in (decoding_progress, transcribing_progress):
        assert 0 <= progress(low) <= progress(high) <= 99
    assert decoding_progress(high) <= transcribing_progress(low)


@pytest.mark.parametrize(
    ("fraction", "elapsed", "left"),
    [(0.0, 5.0, None), (0.019, 5.0, None), (0.25, 10.0, 30.0), (1.0, 10.0, 0.0)],
)
def test_seconds_left(fraction: float, elapsed: float, left: float | None) -> None:
    assert seconds_left(fraction, elapsed) == left
