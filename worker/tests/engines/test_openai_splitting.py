"""Segments that are too large for the endpoint become several."""

import json
from typing import Any

import pytest

from transcription_worker import Segment
from transcription_worker.engines.openai.segments import to_segments
from transcription_worker.engines.openai.verbose_json import read_answer
from transcription_worker.limits import MAX_SEGMENT_BYTES, MAX_WORDS_PER_SEGMENT


def segments_of(answer: dict[str, Any], duration: float = 10.0) -> tuple[Segment, ...]:
    return to_segments(read_answer(answer, duration), 0.0, duration, word_times=True)


def fits(segment: Segment) -> bool:
    wire = json.dumps(
        segment.model_dump(mode="json", exclude_none=True),
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return len(wire.encode()) <= MAX_SEGMENT_BYTES


def words_of(text: str, seconds: float) -> list[dict[str, object]]:
    tokens = text.split()
    step = seconds / len(tokens)
    return [
        {"word": token.strip("."), "start": index * step, "end": (index + 1) * step}
        for index, token in enumerate(tokens)
    ]


def test_a_segment_of_three_thousand_words_is_split_at_words() -> None:
    text = " ".join(f"w{index}." for index in range(3_000))
    answer = {"text": text, "segments": [{"start": 0, "end": 300, "text": text}]}
    segments = segments_of(answer | {"words": words_of(text, 300)}, 300.0)
    assert len(segments) > 1
    assert " ".join(segment.text for segment in segments) == text
    for segment in segments:
        assert fits(segment)
        assert segment.words is not None
        assert len(segment.words) <= MAX_WORDS_PER_SEGMENT
        assert segment.text.split() == [f"{word.word}." for word in segment.words]
        assert segment.start == segment.words[0].start
        assert segment.end == segment.words[-1].end
    assert (segments[0].start, segments[-1].end) == (0, 300)


@pytest.mark.parametrize("word_times", [True, False])
def test_a_segment_of_eighty_kilobytes_is_split_between_words(word_times: bool) -> None:
    text = " ".join(f"word{index}" for index in range(8_000))
    reading = read_answer({"text": "", "segments": [{"start": 10, "end": 90, "text": text}]}, 100.0)
    segments = to_segments(reading, 0.0, 100.0, word_times)
    assert len(segments) == 2
    assert " ".join(segment.text for segment in segments) == text
    assert segments[0].end == segments[1].start == pytest.approx(50, abs=0.1)
    assert (segments[0].start, segments[1].end) == (10, 90)
    assert all(fits(segment) for segment in segments)


def test_text_without_a_gap_is_split_between_characters() -> None:
    text = "鳥" * 80_000
    word = {"word": text, "start": 0, "end": 10}
    segments = segments_of({"text": text, "words": [word]})
    assert "".join(segment.text for segment in segments) == text
    assert all(fits(segment) for segment in segments)


def test_words_that_do_not_match_the_text_are_split_in_proportion() -> None:
    text = "一二三四" * 1_000
    words = [{"word": "x" * 30, "start": i / 100, "end": (i + 1) / 100} for i in range(3_000)]
    segments = segments_of({"text": text, "words": words}, 30.0)
    assert "".join(segment.text for segment in segments) == text
    assert sum(len(segment.words or ()) for segment in segments) == 3_000
    assert all(fits(segment) for segment in segments)


def test_words_outlive_a_text_that_is_shorter_and_parts_end_with_their_last_word() -> None:
    words = [{"word": f"w{i}", "start": float(i), "end": i + 0.5} for i in range(3_000)]
    whole = {"start": 0, "end": 2_999.5, "text": "a", "words": words}
    parts = segments_of({"text": "a", "segments": [whole]}, 3_000.0)
    spoken = [word for part in parts for word in part.words or ()]
    assert [word.word for word in spoken] == [word["word"] for word in words]
    assert all(part.text for part in parts)
    for part in parts:
        assert part.words is not None
        assert (part.start, part.end) == (part.words[0].start, part.words[-1].end)
