"""Merging: one update does to a row what the two that it stands for would have done."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from transcription_worker import AudioInfo, JobUpdate
from transcription_worker.outbox.merge import may_merge, merge
from transcription_worker.queue import JobView

NOW = 1_700_000_200_000
times = st.integers(1_700_000_000_000, 1_700_000_100_000)
infos = st.fixed_dictionaries(
    {},
    optional={
        "duration": st.floats(0, 100),
        "sampleRate": st.sampled_from([8000, 16000]),
        "format": st.sampled_from(["mp3", "wav", "😀", "\uffee"]),
    },
)


def bodies(*statuses: str) -> st.SearchStrategy[dict[str, Any]]:
    fields: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
        {"jobId": st.just("j"), "status": st.sampled_from(statuses)},
        optional={
            "progress": st.integers(0, 100),
            "stage": st.sampled_from(["decoding", "transcribing"]),
            "message": st.sampled_from(["one", "two"]),
            "estimatedTimeRemaining": st.integers(0, 9),
            "audioInfo": infos,
            "timestamps": st.fixed_dictionaries(
                {}, optional={"startedAt": times, "createdAt": times}
            ),
        },
    )
    return fields.map(_as_sent)


def _as_sent(body: dict[str, Any]) -> dict[str, Any]:
    if body["status"] == "failed":
        body = body | {"error": "why"}
    return JobUpdate.parse(body).to_wire()


progress_bodies = bodies("pending", "processing")
all_bodies = bodies("pending", "processing", "completed", "failed", "cancelled")


@given(progress_bodies, all_bodies, st.lists(all_bodies, max_size=3))
@example(
    older={"jobId": "j", "status": "pending", "audioInfo": {"format": "😀"}},
    newer={"jobId": "j", "status": "pending", "audioInfo": {"format": "\uffee"}},
    before=[],
)
def test_one_update_stands_for_both(
    older: dict[str, Any], newer: dict[str, Any], before: list[dict[str, Any]]
) -> None:
    # Only an update of the status that the one before it had is ever merged into a newer one.
    row = JobView(job_id="j", created_at=0, updated_at=0)
    for sequence, body in enumerate([*before, _with_status(older, older["status"])]):
        row = _after(row, body, sequence)
    number = len(before) + 2
    separately = _after(_after(row, older, number - 1), newer, number)
    together = _after(row, merge(older, newer), number)
    assert _without_arrival(together) == _without_arrival(separately)


def _after(row: JobView, body: dict[str, Any], sequence: int) -> JobView:
    """What Convex makes of the row: `job_queue/test_view.py` holds this against the backend."""
    return row.after(JobUpdate.parse(body | {"sequence": sequence}), NOW)


def _without_arrival(row: JobView) -> JobView:
    info = None if row.audio_info == AudioInfo() else row.audio_info  # an empty one says nothing
    return row.model_copy(update={"updated_at": 0, "audio_info": info})


def _with_status(body: dict[str, Any], status: str) -> dict[str, Any]:
    return {"jobId": body["jobId"], "status": status}


@given(progress_bodies, progress_bodies, all_bodies)
def test_merging_is_the_same_in_any_grouping(
    one: dict[str, Any], two: dict[str, Any], three: dict[str, Any]
) -> None:
    assert merge(merge(one, two), three) == merge(one, merge(two, three))


@given(progress_bodies, all_bodies)
def test_what_comes_out_is_a_valid_update(older: dict[str, Any], newer: dict[str, Any]) -> None:
    merged = merge(older, newer)
    assert JobUpdate.parse(merged).to_wire() == merged


@pytest.mark.parametrize(
    ("older", "newer", "expected"),
    [({}, {}, True), ({"userId": "a"}, {}, True), ({}, {"userId": "a"}, True),
     ({"userId": "a"}, {"userId": "a"}, True), ({"userId": "a"}, {"userId": "b"}, False)],
)  # fmt: skip
def test_updates_that_name_two_users_stay_apart(
    older: dict[str, Any], newer: dict[str, Any], expected: bool
) -> None:
    assert may_merge(older, newer) is expected
    if expected and (older or newer):
        assert merge(older, newer)["userId"] == "a"
