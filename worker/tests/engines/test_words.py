"""From the decoder's answer to a segment."""

import pytest

from transcription_worker.engines.pocketsphinx.words import Heard, to_segment

HEARD = [
    Heard("<s>", 0, 9, 1.0),
    Heard("read(2)", 10, 29, 0.5),
    Heard("<sil>", 30, 49, 0.9),
    Heard("[NOISE]", 50, 59, 0.9),
    Heard("++breath++", 50, 59, 0.9),
    Heard("it's", 60, 99, 1.00005),
    Heard("</s>", 100, 120, 1.0),
]


def test_words_with_times() -> None:
    assert to_segment(HEARD, start=2.0, duration=10.0, word_times=True) == {
        "start": 2.1,
        "end": 3.0,
        "text": "read it's",
        "confidence": 0.75,
        "words": [
            {"word": "read", "start": 2.1, "end": 2.3, "confidence": 0.5},
            {"word": "it's", "start": 2.6, "end": 3.0, "confidence": 1.0},
        ],
    }


def test_without_words() -> None:
    segment = to_segment(HEARD, start=0.0, duration=10.0, word_times=False)
    assert segment is not None
    assert "words" not in segment


def test_no_time_exceeds_the_audio() -> None:
    segment = to_segment(HEARD, start=2.0, duration=2.25, word_times=False)
    assert segment is not None
    assert (segment["start"], segment["end"]) == (2.1, 2.25)


@pytest.mark.parametrize("heard", [[], HEARD[:1], [HEARD[0], HEARD[2], HEARD[-1]]])
def test_no_words_are_no_segment(heard: list[Heard]) -> None:
    assert to_segment(heard, start=0.0, duration=1.0, word_times=True) is None
