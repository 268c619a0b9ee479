"""Merging: one update does to a row what the two that it stands for would have done."""

import itertools
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from support.embedded_backend import API_KEY, EmbeddedBackend
from transcription_worker import JobUpdate
from transcription_worker.outbox.merge import may_merge, merge

# Ahead of the rows' own creation, to which `completedAt` is raised.
NOW = time.time_ns() // 1_000_000
times = st.integers(NOW + 1_000_000, NOW + 1_000_100)
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
                {}, optional={"startedAt": times, "completedAt": times}
            ),
        },
    )
    return fields.map(_as_sent)


def _as_sent(body: dict[str, Any]) -> dict[str, Any]:
    if body["status"] == "failed":
        body = body | {"error": "why"}
    if body["status"] in ("pending", "processing"):
        body.get("timestamps", {}).pop("completedAt", None)
    return JobUpdate.parse(body).to_wire()


progress_bodies = bodies("pending", "processing")
all_bodies = bodies("pending", "processing", "completed", "failed", "cancelled")


_jobs = itertools.count()


@pytest.mark.slow
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(older=progress_bodies, newer=all_bodies, before=st.lists(progress_bodies, max_size=2))
@example(
    older={"jobId": "j", "status": "pending", "audioInfo": {"format": "😀"}},
    newer={"jobId": "j", "status": "pending", "audioInfo": {"format": "\uffee"}},
    before=[],
)
def test_one_update_stands_for_both(
    backend: EmbeddedBackend,
    older: dict[str, Any],
    newer: dict[str, Any],
    before: list[dict[str, Any]],
) -> None:
    """The real endpoint's rows, after the two and after the one that stands for them."""
    assume(may_merge(older, newer))
    # Only an update of the status that the one before it had is ever merged into a newer one.
    before = [*before, {"jobId": "j", "status": older["status"]}]
    separately = deliver(backend, [*before, older, newer])
    together = deliver(backend, [*before, None, merge(older, newer)])
    assert together == separately


def test_an_end_before_its_start_is_not_merged() -> None:
    def at(**times: int) -> dict[str, Any]:
        return JobUpdate.parse({"jobId": "j", "status": "cancelled", "timestamps": times}).to_wire()

    older = at(startedAt=NOW) | {"status": "processing"}
    assert may_merge(older, at(completedAt=NOW))
    assert may_merge(older, at(completedAt=NOW + 1))
    assert not may_merge(older, at(completedAt=NOW - 1))
    assert not may_merge(older, at())
    assert may_merge(older, at(startedAt=NOW - 1))
    assert not may_merge(older, at(startedAt=NOW + 1))
    assert may_merge(older, at(startedAt=NOW + 1, completedAt=NOW + 2))


def deliver(backend: EmbeddedBackend, updates: list[dict[str, Any] | None]) -> dict[str, Any]:
    """The row after these updates, without what each row has of its own. `None` is not sent."""
    job = f"merge-{next(_jobs)}"
    backend.create(job)
    headers = {"Authorization": f"Bearer {API_KEY}"}
    for sequence, update in enumerate(updates):
        if update is not None:
            body = update | {"jobId": job, "sequence": sequence}
            url = f"{backend.site_url}/updateTranscriptionJob"
            assert backend.http.post(url, json=body, headers=headers).status_code == 200
    row = backend.row(job)
    assert row is not None
    own = {"jobId", "createdAt", "updatedAt", "_id", "_creationTime"}
    if not any("completedAt" in (update or {}).get("timestamps", {}) for update in updates):
        own.add("completedAt")  # the server's time
    return {key: value for key, value in row.items() if key not in own}


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
    older, newer = older | {"status": "pending"}, newer | {"status": "pending"}
    assert may_merge(older, newer) is expected
    if expected and ("userId" in older or "userId" in newer):
        assert merge(older, newer)["userId"] == "a"
