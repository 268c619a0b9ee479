"""What the models take and how they write it; the contract itself is in `test_vectors`."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import transcription_worker
from transcription_worker import (
    AudioInfo,
    JobUpdate,
    LiveSegments,
    Result,
    Segment,
    Status,
    Timestamps,
    ValidationError,
    Word,
)
from transcription_worker.text import cut_utf16, is_storable, to_storable, utf16_length
from transcription_worker.wire_time import format_time, parse_time


def test_the_public_names_are_there() -> None:
    assert transcription_worker.__all__ == sorted(transcription_worker.__all__)
    for name in transcription_worker.__all__:
        assert hasattr(transcription_worker, name)


def test_both_spellings_mean_the_same() -> None:
    python = {"job_id": "j", "status": "pending", "audio_info": {"size_bytes": 7}, "user_id": "u"}
    wire = {"jobId": "j", "status": "pending", "audioInfo": {"sizeBytes": 7}, "userId": "u"}
    assert JobUpdate.parse(python) == JobUpdate.parse(wire)
    assert JobUpdate.parse(python).to_wire() == wire | {"attempt": 1}


def test_what_a_worker_reports_goes_out_whole() -> None:
    words = [Word(word="hello", start=0, end=0.5, confidence=0.9)]
    segment = Segment(start=0, end=2.5, text="hello", speaker="A", confidence=1, words=words)
    noon = datetime(2026, 1, 31, 12, tzinfo=UTC)
    update = JobUpdate(
        job_id="j",
        status=Status.COMPLETED,
        progress=100,
        result=Result(text="hello", language="en", duration=2.5, model="m", segments=[segment]),
        segments=LiveSegments(offset=0, items=[segment]),
        timestamps=Timestamps(started_at=noon, completed_at=noon),
        audio_info=AudioInfo(duration=2.5, sample_rate=16000, channels=1, format="wav"),
        sequence=3,
        attempt=2,
    )
    wire = update.to_wire()
    assert json.loads(json.dumps(wire)) == wire
    assert JobUpdate.parse(wire) == update
    assert "confidence" in wire["segments"]["items"][0]["words"][0]


def test_models_are_frozen() -> None:
    update = JobUpdate(job_id="j", status=Status.PENDING)
    with pytest.raises(Exception, match="frozen"):
        update.status = Status.FAILED


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"progress": True}, "progress"),
        ({"progress": "50"}, "progress"),
        ({"progress": 10**400}, "progress"),
        ({"progress": float("nan")}, "progress"),
        ({"attempt": 0}, "attempt"),
        ({"sequence": 2**53}, "sequence"),
        ({"sequence": 1.5}, "sequence"),
        ({"job_id": "a b"}, "jobId"),
        ({"job_id": "a\n"}, "jobId"),
        ({"status": "done"}, "status"),
        ({"stage": "x" * 65}, "stage"),
        ({"stage": "😀" * 33}, "stage"),
        ({"message": "half \ud83d"}, "message"),
        ({"message": "nul \0"}, "message"),
        ({"error": "why"}, "error"),
        ({"status": "failed"}, "error"),
        ({"result": {}}, "result"),
        ({"timestamps": {"completed_at": "2026-01-31T12:00:00Z"}}, "timestamps.completedAt"),
        ({"timestamps": {"started_at": "2026-01-31T12:00:00"}}, "timestamps.startedAt"),
        ({"timestamps": {"started_at": 1_767_225_600}}, "timestamps.startedAt"),
        ({"segments": {"offset": 0, "items": [{"start": 2, "end": 1, "text": ""}]}},
         "segments.items.0.end"),
        ({"segments": {"offset": 0, "items": [{"start": 0, "end": 1, "text": "x" * 65_536}]}},
         "segments.items.0"),
    ],
)  # fmt: skip
def test_a_mistake_is_found_where_it_is_made(change: dict[str, Any], path: str) -> None:
    with pytest.raises(ValidationError) as caught:
        JobUpdate.parse({"job_id": "j", "status": "processing"} | change)
    assert path in [issue.path for issue in caught.value.issues]


def test_no_error_tells_what_was_said() -> None:
    said = "the secret plan"
    segment = {"start": 2, "end": 1, "text": said, "confidence": said}
    with pytest.raises(ValidationError) as caught:
        JobUpdate.parse({"job_id": "j", "status": said, "result": {"segments": [segment]}})
    assert said not in str(caught.value)
    assert said not in str(caught.value.issues)


def test_numbers_of_numpy_that_are_floats_pass() -> None:
    update = JobUpdate.parse({"job_id": "j", "status": "processing", "progress": np.float64(5.5)})
    assert json.dumps(update.to_wire()["progress"]) == "5.5"


aware = st.datetimes(
    min_value=datetime(2001, 1, 1), max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.timezones(),
)  # fmt: skip


@given(aware)
def test_times_survive_to_the_millisecond(time: datetime) -> None:
    sent = format_time(parse_time(time))
    assert abs(parse_time(sent).timestamp() - time.timestamp()) <= 0.0005 + 1e-9
    assert len(sent.split(".")[1].split("+")[0].split("-")[0]) == 3


def test_the_second_of_two_equal_wall_times_is_meant_where_it_is_said() -> None:
    zone = ZoneInfo("Europe/Berlin")
    first = datetime(2025, 10, 26, 2, 30, tzinfo=zone)
    assert format_time(parse_time(first)) == "2025-10-26T02:30:00.000+02:00"
    assert format_time(parse_time(first.replace(fold=1))) == "2025-10-26T02:30:00.000+01:00"


def test_an_offset_of_seconds_is_written_in_utc() -> None:
    zone = timezone(timedelta(minutes=19, seconds=32))
    assert format_time(datetime(2026, 1, 31, 12, 19, 32, tzinfo=zone)) == (
        "2026-01-31T12:00:00.000+00:00"
    )


@given(st.integers(946_684_800_000, 4_000_000_000_000))
def test_epoch_milliseconds_survive(milliseconds: int) -> None:
    assert round(parse_time(milliseconds).timestamp() * 1000) == milliseconds


any_text = st.text(st.characters())  # lone surrogates among them


@given(any_text)
def test_any_text_can_be_made_storable(text: str) -> None:
    repaired = to_storable(text)
    assert is_storable(repaired)
    repaired.encode()
    if is_storable(text):
        assert repaired == text


def test_two_halves_become_the_character_that_they_are() -> None:
    assert to_storable("a\ud83d\ude00b\ud83d\0") == "a😀b\ufffd"


@given(st.text(), st.integers(0, 30))
def test_a_cut_text_fits_and_begins_alike(text: str, limit: int) -> None:
    cut = cut_utf16(text, limit)
    assert utf16_length(cut) <= limit
    assert text.startswith(cut)
    assert utf16_length(text) == len(text.encode("utf-16-le")) // 2
    if utf16_length(text) > limit:
        assert utf16_length(cut) >= limit - 1
