"""What the API shows of a job after each report: what Convex's row would be."""

import random
import time
from typing import Any

import pytest

from support.embedded_backend import API_KEY, EmbeddedBackend
from support.vectors import Scope, Vector, expand, load_vectors
from transcription_worker import ConvexClient, JobUpdate, SegmentGapError
from transcription_worker.queue import JobView

START = JobView(job_id="a", file_name="a.mp3", file_size=9, created_at=1_000, updated_at=1_000)
# What only Convex knows, and what each machine has by its own clock.
CONVEX_ONLY = {"_id", "_creationTime", "userId", "pageCount", "reported"}
NOW = 4_000_000_000_000


def rows_alike(view: JobView, row: dict[str, Any]) -> None:
    """Compares all but the time of the news, and of an end that did not say its own."""
    own, theirs = view.to_wire(), {key: row[key] for key in row.keys() - CONVEX_ONLY}
    for clock in ("updatedAt", *(["completedAt"] if view.completed_at == NOW else [])):
        assert own.pop(clock, None) is not None
        assert theirs.pop(clock, None) is not None
    assert own == theirs


async def both(
    view: JobView, value: Any, backend: EmbeddedBackend, endpoint: ConvexClient
) -> JobView:
    """The view after an update that the endpoint gets too."""
    update = JobUpdate.parse(value)
    after = view.after(update, NOW)
    try:
        await endpoint.update_job_status(update)
    except SegmentGapError:
        assert after == view
    view = after
    row = backend.row(view.job_id)
    assert row is not None
    rows_alike(view, row)
    return view


def new_view(backend: EmbeddedBackend, job_id: str) -> JobView:
    backend.create(job_id)
    row = backend.row(job_id)
    assert row is not None
    return JobView(job_id=job_id, created_at=row["createdAt"], updated_at=row["updatedAt"])


# Those about what an update means; the others are about what is accepted at all.
TOPICS = {"attempts", "endings", "error-code", "live-segments", "merge", "sequence", "timestamps"}
VECTORS = [
    vector
    for vector in load_vectors()
    if vector.file in TOPICS
    and vector.value.keys().isdisjoint({"job", "cancelledByUser"})
    and "json" in vector.request
    and vector.request.keys() <= {"json"}
    and (vector.expect["status"] == 200 or vector.expect["code"] == "segment_gap")
]


@pytest.mark.slow
async def test_every_vector_does_to_the_view_what_it_does_to_the_row(
    backend: EmbeddedBackend,
) -> None:
    async with ConvexClient(backend.site_url, API_KEY) as endpoint:
        for number, vector in enumerate(VECTORS):
            await _check(vector, f"view-vector-{number}", backend, endpoint)
    assert len(VECTORS) > 50


async def _check(
    vector: Vector, job_id: str, backend: EmbeddedBackend, endpoint: ConvexClient
) -> None:
    now = time.time_ns() // 1_000_000
    scope = Scope(job_id, "https://dev-issuer.localhost|alice", API_KEY, now)
    view = new_view(backend, job_id)
    for value in (*vector.value["given"], vector.request["json"]):
        view = await both(view, expand(value, scope), backend, endpoint)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
async def test_a_row_and_a_view_agree_after_each_of_many_updates(
    seed: int, backend: EmbeddedBackend
) -> None:
    chance = random.Random(seed)
    async with ConvexClient(backend.site_url, API_KEY) as endpoint:
        for number in range(6):
            view = new_view(backend, f"view-{seed}-{number}")
            for _ in range(12):
                value = _random_update(view, chance)
                view = await both(view, value, backend, endpoint)


def _random_update(view: JobView, chance: random.Random) -> dict[str, Any]:
    def maybe(value: Any) -> Any:
        return chance.choice([None, value])

    statuses = ["pending", "processing", "processing", "completed", "failed", "cancelled"]
    # Most jobs shall live for a while.
    status = chance.choice(statuses if chance.random() < 0.3 else statuses[:3])
    is_end = status in ("completed", "failed", "cancelled")
    times = {"started_at": maybe(_time(view, chance)), "created_at": maybe(_time(view, chance))}
    if is_end:
        times["completed_at"] = maybe(_time(view, chance))
    segments = [{"start": n, "end": n + 1, "text": f"s{n}"} for n in range(chance.randint(0, 3))]
    offset = max(0, view.segment_count + chance.randint(-2, 1))
    texts = ["", "short", "é😀" * 400, "x" * 1_023 + "😀", "\uffee😀"]
    result = {
        "text": maybe(chance.choice(texts)),
        "language": maybe("en"),
        "segments": maybe(segments),
    }
    return {
        "job_id": view.job_id,
        "status": status,
        "attempt": chance.choice([1, 1, 1, 1, view.attempt, view.attempt, 2]),
        "sequence": maybe(chance.randint(1, 15)),
        "progress": maybe(chance.randint(0, 100)),
        "stage": maybe("transcribing"),
        "message": maybe(f"message {chance.randint(1, 3)}"),
        "estimated_time_remaining": maybe(chance.randint(0, 9)),
        "timestamps": maybe(times),
        "audio_info": maybe(
            {"duration": maybe(chance.randint(1, 9)), "format": maybe(chance.choice(texts[:2]))}
        ),
        "segments": maybe({"offset": offset, "items": segments}),
        "result": maybe(result) if status == "completed" else None,
        "error": "why" if status == "failed" else None,
        "error_code": maybe("engine_failed") if status == "failed" else None,
    }


def _time(view: JobView, chance: random.Random) -> int:
    """Also before the job was made, as by a clock that stepped back."""
    return view.created_at + chance.choice([-5_000, -1, 0, 1_000, 9_000])


def test_a_clock_that_stepped_back_does_not_end_a_job_before_it_began() -> None:
    update = JobUpdate.parse(
        {
            "job_id": "a",
            "status": "completed",
            "timestamps": {"startedAt": 1_700_000_009_000, "completedAt": 1_700_000_000_000},
        }
    )
    assert START.after(update, 2_000).completed_at == 1_700_000_009_000
    assert START.after(update, 500).updated_at == 1_001


def test_a_view_goes_through_json() -> None:
    update = JobUpdate.parse({"job_id": "a", "status": "completed", "result": {"text": "😀"}})
    view = START.after(update, 2_000)
    assert JobView.model_validate_json(view.model_dump_json()) == view
    assert view.result is not None
    assert view.result.text_length == 2
