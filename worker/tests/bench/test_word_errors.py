"""Counting wrong words."""

import pytest
from bench.words import word_error_rate


@pytest.mark.parametrize(
    ("said", "heard", "rate"),
    [
        ("This is a test.", "this is a test", 0.0),
        ("this is a test", "this was a test", 0.25),
        ("this is a test", "this is test", 0.25),
        ("this is a test", "this is is a test", 0.25),
        ("this is a test", "", 1.0),
        ("one two", "three four five six", 2.0),
        ("The children's book", "the children\N{RIGHT SINGLE QUOTATION MARK}s book", 0.0),
        ("a b c d", "b c d e", 0.5),
        ("", "", 0.0),
    ],
)
def test_word_error_rate(said: str, heard: str, rate: float) -> None:
    assert word_error_rate(said, heard) == pytest.approx(rate)
