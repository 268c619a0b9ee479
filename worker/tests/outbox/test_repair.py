"""Repairing: what is plain is put right and told, what is not is refused with its place."""

import math
from collections import namedtuple
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcription_worker import JobUpdate, Segment, Status
from transcription_worker.outbox.plain import PoisonError
from transcription_worker.outbox.prepare import Poison, Prepared, prepare
from transcription_worker.outbox.repair import repair

NAN, INF = math.nan, math.inf
Spoken = namedtuple("Spoken", ["start", "end", "text", "avg_logprob"])


@dataclass
class Said:
    start: float
    end: float
    text: str


def repaired(fields: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The update as the endpoint gets it, and what was repaired where."""
    base = {"job_id": "j", "status": "processing"}
    value, repairs = repair(base | fields)
    sent = JobUpdate.parse(value).to_wire()
    for key in ("jobId", "status", "attempt"):
        sent.pop(key)
    return sent, {one.path: one.kind for one in repairs}


@pytest.mark.parametrize(
    ("fields", "sent", "kinds"),
    [
        ({"progress": NAN}, {}, {"progress": "number"}),
        ({"progress": INF}, {}, {"progress": "number"}),
        ({"progress": 100.00001}, {"progress": 100}, {"progress": "number"}),
        ({"progress": 10**400}, {"progress": 100}, {"progress": "number"}),
        ({"progress": -1e-9}, {"progress": 0}, {"progress": "number"}),
        ({"progress": np.float32(2.5)}, {"progress": 2.5}, {"progress": "array"}),
        ({"progress": np.int64(7)}, {"progress": 7}, {"progress": "array"}),
        ({"progress": np.array(7.5)}, {"progress": 7.5}, {"progress": "array"}),
        ({"progress": Decimal("12.5")}, {"progress": 12.5}, {"progress": "number"}),
        ({"progress": np.float16("nan")}, {}, {"progress": "number"}),
        ({"estimated_time_remaining": timedelta(minutes=1)}, {"estimatedTimeRemaining": 60},
         {"estimated_time_remaining": "duration"}),
        ({"estimated_time_remaining": -3}, {}, {"estimatedTimeRemaining": "number"}),
        ({"estimated_time_remaining": INF}, {}, {"estimatedTimeRemaining": "number"}),
        ({"stage": b"decoding"}, {"stage": "decoding"}, {"stage": "bytes"}),
        ({"stage": np.str_("decoding")}, {"stage": "decoding"}, {}),
        ({"stage": "x" * 70}, {"stage": "x" * 64}, {"stage": "length"}),
        ({"message": "\ud83d\ude00"}, {"message": "😀"}, {"message": "text"}),
        ({"message": "a\udc80b\0"}, {"message": "a\ufffdb"}, {"message": "text"}),
        ({"audio_info": {"duration": NAN, "channels": np.int32(2)}},
         {"audioInfo": {"channels": 2}},
         {"audio_info.channels": "array", "audioInfo.duration": "number"}),
        ({"timestamps": {"started_at": NAN}}, {"timestamps": {}},
         {"timestamps.startedAt": "number"}),
        ({"status": "failed", "error": ValueError("no sound")},
         {"error": "ValueError: no sound"}, {"error": "exception"}),
        ({"status": "failed", "error": KeyError()}, {"error": "KeyError"}, {"error": "exception"}),
        ({"status": "failed"}, {"error": "The worker gave no reason."}, {"error": "missing"}),
        ({"status": Status.FAILED, "error": ""}, {"error": "The worker gave no reason."},
         {"error": "missing"}),
    ],
)  # fmt: skip
def test_what_is_plain_is_put_right(
    fields: dict[str, Any], sent: dict[str, Any], kinds: dict[str, str]
) -> None:
    found, repairs = repaired(fields)
    if "error" in sent:
        found.pop("status", None)
    assert found == sent
    assert repairs == kinds


@pytest.mark.parametrize(
    ("segment", "sent"),
    [
        ({"start": NAN, "end": NAN, "text": "b"}, {"start": 1, "end": 1, "text": "b"}),
        ({"start": 2, "end": NAN, "text": "b"}, {"start": 2, "end": 2, "text": "b"}),
        ({"start": 2, "end": INF, "text": "b"}, {"start": 2, "end": 2, "text": "b"}),
        ({"start": 2, "end": 1.999, "text": "b"}, {"start": 2, "end": 2, "text": "b"}),
        ({"start": -0.01, "end": 3, "text": "b"}, {"start": 1, "end": 3, "text": "b"}),
        ({"start": 1, "end": 3, "text": "b", "confidence": NAN},
         {"start": 1, "end": 3, "text": "b"}),
        ({"start": 1, "end": 3, "text": "b", "confidence": -0.27},
         {"start": 1, "end": 3, "text": "b"}),
        ({"start": 1, "end": 3, "text": "b", "confidence": 1.0000001},
         {"start": 1, "end": 3, "text": "b", "confidence": 1}),
        ({"start": 1, "end": 3, "text": "b", "speaker": "S" * 101},
         {"start": 1, "end": 3, "text": "b", "speaker": "S" * 100}),
        ({"start": 1, "end": 3, "text": "b", "words": [{"word": "b", "start": NAN, "end": 2}]},
         {"start": 1, "end": 3, "text": "b", "words": [{"word": "b", "start": 1, "end": 2}]}),
        ({"start": 1, "end": 3, "text": "b", "words": [{"word": "w", "start": 1, "end": 2}] * 2001},
         {"start": 1, "end": 3, "text": "b"}),
        (Spoken(1, 3, "b", -0.3), {"start": 1, "end": 3, "text": "b"}),
        (Said(1, 3, "b"), {"start": 1, "end": 3, "text": "b"}),
        (Segment(start=1, end=3, text="b"), {"start": 1, "end": 3, "text": "b"}),
    ],
)  # fmt: skip
def test_segments_keep_their_text_whatever_their_numbers_are(
    segment: object, sent: dict[str, Any]
) -> None:
    first = {"start": 0, "end": 1, "text": "a"}
    result, _ = repaired({"status": "completed", "result": {"segments": [first, segment]}})
    assert result["result"]["segments"] == [first, sent]
    live, _ = repaired({"segments": {"offset": 0, "items": (first, segment)}})
    assert live["segments"]["items"] == [first, sent]


def test_an_array_of_numpy_is_a_list() -> None:
    fields, repairs = repair(
        {"job_id": UUID(int=1), "status": "pending", "progress": np.array([1])}
    )
    assert fields["progress"] == [1]
    assert fields["jobId"] == str(UUID(int=1))
    assert [one.kind for one in repairs] == ["array"]


class Unspeakable:
    def __repr__(self) -> str:
        raise RuntimeError("not even this")


class Unreadable:
    def tolist(self) -> list[int]:
        raise RuntimeError("the device is gone")


circular: dict[str, Any] = {"job_id": "j"}
circular["message"] = circular


@pytest.mark.parametrize(
    "update",
    [
        {"job_id": "j", "status": "processing", "stage": b"\xff"},
        {"job_id": "j", "status": "processing", "stage": object()},
        {"job_id": "j", "status": "processing", "stage": {1: 2}},
        {"job_id": "j", "status": "processing", "stage": {"a", "b"}},
        {"job_id": "j", "status": "processing", "message": Unspeakable()},
        {"job_id": "j", "status": "processing", "progress": "50"},
        {"job_id": "j", "status": "processing", "progres": 50},
        {"job_id": "j", "status": "processing", "estimated_time_remaining": 10**400},
        {"job_id": "j", "status": "processing", "message": Unreadable()},
        {"job_id": "j\ud800", "status": "processing"},
        {"job_id": None, "status": None},
        {"status": "processing", "attempt": "1"},
        {},
        circular,
    ],
)
def test_what_is_not_plain_is_kept_to_be_read(update: dict[str, Any]) -> None:
    prepared = prepare(update)
    assert isinstance(prepared, Poison)
    assert prepared.reason
    prepared.text.encode()
    prepared.job_id.encode()


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters())
    | st.binary() | st.builds(object) | st.decimals() | st.sampled_from([np.float32("nan")]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(st.characters(), max_size=4), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
keys = st.sampled_from(
    ["jobId", "job_id", "status", "progress", "stage", "message", "result", "segments", "error",
     "timestamps", "estimatedTimeRemaining", "audioInfo", "userId", "attempt", "sequence"]
)  # fmt: skip


@given(st.dictionaries(keys, anything))
def test_anything_is_either_valid_or_kept(update: dict[str, Any]) -> None:
    prepared = prepare({"job_id": "j", "status": "completed"} | update)
    if isinstance(prepared, Prepared):
        JobUpdate.parse(prepared.body)
    else:
        prepared.text.encode()
        prepared.reason.encode()


def test_a_poison_value_is_told_by_its_place_and_not_by_its_content() -> None:
    with pytest.raises(PoisonError, match=r"^result\.segments\.0\.text: holds bytes") as caught:
        repair({"result": {"segments": [{"text": b"the secret \xff plan"}]}})
    assert "secret" not in str(caught.value)


def test_a_clock_that_was_never_set_costs_the_times_alone() -> None:
    at = datetime(1970, 1, 1, 0, 5, tzinfo=UTC)
    update = {"job_id": "j", "status": "completed", "timestamps": {"completed_at": at}}
    prepared = prepare(update)
    assert isinstance(prepared, Prepared)
    assert prepared.body["timestamps"] == {}
    assert [repair.kind for repair in prepared.repairs] == ["clock"]
