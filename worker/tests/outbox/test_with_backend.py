"""The outbox against the real endpoint: the row ends as it should, whatever happens between."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from support.embedded_backend import API_KEY, EmbeddedBackend
from support.faulty_proxy import faulty_proxy
from support.outboxes import live, progress, quick, running_outbox, segment, until
from transcription_worker import ConvexClient, Database, Outbox, UpdateOutcome
from transcription_worker.outbox import dead_letter

_numbers = count()


@pytest.fixture
def job(backend: EmbeddedBackend) -> str:
    """A new job's id."""
    job_id = f"outbox-{next(_numbers)}"
    backend.create(job_id)
    return job_id


@pytest.fixture
async def endpoint(backend: EmbeddedBackend) -> AsyncIterator[ConvexClient]:
    async with ConvexClient(backend.site_url, API_KEY, timeout=30) as client:
        yield client


def row_of(backend: EmbeddedBackend, job: str) -> dict[str, Any]:
    row = backend.row(job)
    assert row is not None
    return row


def texts(backend: EmbeddedBackend, job: str) -> list[str]:
    return [item["text"] for item in backend.segments(job)]


async def test_a_job_from_its_beginning_to_its_end(
    backend: EmbeddedBackend, endpoint: ConvexClient, database: Database, job: str
) -> None:
    async with running_outbox(database, endpoint) as outbox:
        await outbox.put({"job_id": job, "status": "pending"})
        started = datetime.now(UTC)
        await outbox.put({"job_id": job, "status": "processing", "audio_info": {"duration": 3},
                          "timestamps": {"started_at": started}})  # fmt: skip
        for number in range(3):
            await outbox.put(
                progress(job, 30 * number, segments=live(number), stage="transcribing")
            )
        result = {"text": "s0 s1 s2", "segments": live(0, 3)["items"]}
        await outbox.put({"job_id": job, "status": "completed", "result": result})
        assert await outbox.flush(60)
    row = row_of(backend, job)
    assert (row["status"], row["progress"], row["segmentCount"]) == ("completed", 100, 3)
    assert row["startedAt"] == round(started.timestamp() * 1000)
    assert row["result"]["text"] == "s0 s1 s2"
    assert texts(backend, job) == ["s0", "s1", "s2"]


async def test_a_gap_is_filled_from_where_convex_is(
    backend: EmbeddedBackend, endpoint: ConvexClient, database: Database, job: str
) -> None:
    async with running_outbox(database, endpoint) as outbox:
        await outbox.put(progress(job, 10, segments=live(0, 5)))
        assert await outbox.flush(60)
        # Convex forgets: another attempt that was given up for dead has cleared the row.
        await database.write(
            lambda connection: connection.execute("UPDATE outbox_jobs SET confirmed = 9").rowcount
        )
        await outbox.put(progress(job, 20, segments=live(5, 5)))
        await outbox.put({"job_id": job, "status": "failed", "error": "x", "segments": live(10, 1)})
        assert await outbox.flush(60)
    assert texts(backend, job) == [f"s{number}" for number in range(11)]
    assert row_of(backend, job)["status"] == "failed"


@pytest.mark.parametrize("live_first", [0, 3])
async def test_a_large_result_goes_in_pieces(
    backend: EmbeddedBackend,
    endpoint: ConvexClient,
    database: Database,
    job: str,
    live_first: int,
) -> None:
    items = [segment(number, f"{number} " + "x" * 1000) for number in range(100)]
    async with running_outbox(database, endpoint, quick(request_bytes=20_000)) as outbox:
        await outbox.put({"job_id": job, "status": "processing"})
        if live_first:
            await outbox.put(progress(job, 1, segments={"offset": 0, "items": items[:live_first]}))
            assert await outbox.flush(60)
        sequence = await outbox.put(
            {"job_id": job, "status": "completed", "message": "done",
             "result": {"text": "all of it", "language": "en", "segments": items}}
        )  # fmt: skip
        assert await outbox.flush(60)
        assert (await outbox.stats()).dead == 0
    assert backend.segments(job) == items
    row = row_of(backend, job)
    assert (row["status"], row["progress"], row["message"]) == ("completed", 100, "done")
    assert (row["result"]["language"], row["segmentCount"]) == ("en", 100)
    assert row["sequence"] > sequence
    assert await database.fetch_all("SELECT 1 FROM outbox_segments") == []


@pytest.mark.slow
async def test_a_result_over_the_real_limit(
    backend: EmbeddedBackend, endpoint: ConvexClient, database: Database, job: str
) -> None:
    items = [segment(number, f"{number} " + "é" * 20_000) for number in range(100)]
    async with running_outbox(database, endpoint) as outbox:
        await outbox.put({"job_id": job, "status": "completed", "result": {"segments": items}})
        assert await outbox.flush(120)
        assert (await outbox.stats()).dead == 0
    assert len(texts(backend, job)) == 100
    assert texts(backend, job)[-1] == items[-1]["text"]
    assert row_of(backend, job)["status"] == "completed"


async def test_progress_with_many_segments_goes_in_pieces_and_keeps_its_words(
    backend: EmbeddedBackend, endpoint: ConvexClient, database: Database, job: str
) -> None:
    outbox = await Outbox.open(database, endpoint, quick(request_bytes=3_000))
    for number in range(200):
        await outbox.put(progress(job, number / 2, segments=live(number), message=f"{number}"))
    outbox.start()
    assert await outbox.flush(60)
    await outbox.put(progress(job, 99.5, message="last"))
    assert await outbox.flush(60)
    await outbox.stop()
    assert texts(backend, job) == [f"s{number}" for number in range(200)]
    assert (row_of(backend, job)["message"], row_of(backend, job)["progress"]) == ("last", 99.5)


async def test_a_text_that_is_too_large_alone_costs_the_text_and_not_the_end(
    backend: EmbeddedBackend, endpoint: ConvexClient, database: Database, job: str
) -> None:
    async with running_outbox(database, endpoint, quick(request_bytes=2_000)) as outbox:
        await outbox.put({"job_id": job, "status": "completed", "result": {"text": "x" * 3_000}})
        assert await outbox.flush(60)
    assert row_of(backend, job)["status"] == "completed"
    [letter] = await database.read(dead_letter.list_all)
    assert (letter.code, letter.is_sendable) == ("payload_too_large", False)


async def test_segments_that_were_never_put_are_told(
    backend: EmbeddedBackend, endpoint: ConvexClient, database: Database, job: str
) -> None:
    async with running_outbox(database, endpoint) as outbox:
        await outbox.put(progress(job, 10, segments=live(0, 2)))
        await outbox.put(progress(job, 20, segments=live(3, 2)))
        await outbox.put({"job_id": job, "status": "cancelled"})
        assert await outbox.flush(60)
    assert texts(backend, job) == ["s0", "s1"]
    [letter] = await database.read(dead_letter.list_all)
    assert letter.code == "segment_gap"
    assert "from 3 on" in letter.reason


async def test_segments_may_be_put_in_any_order(
    backend: EmbeddedBackend, endpoint: ConvexClient, database: Database, job: str
) -> None:
    async with running_outbox(database, endpoint) as outbox:
        for offset in (4, 2, 0, 3, 1, 2):
            await outbox.put(progress(job, 10, segments=live(offset, 2)))
            await asyncio.sleep(0.02)
        await outbox.put({"job_id": job, "status": "cancelled"})
        assert await outbox.flush(60)
        assert (await outbox.stats()).dead == 0
    assert texts(backend, job) == [f"s{number}" for number in range(6)]


async def test_a_file_lost_within_a_job_costs_nothing_of_its_transcript(
    backend: EmbeddedBackend, endpoint: ConvexClient, tmp_path: Path, job: str
) -> None:
    """The caller goes on where it was; what the new file lacks, Convex has."""
    for name, offset in (("lost", 0), ("new", 3)):
        database = await Database.open(tmp_path / name)
        async with running_outbox(database, endpoint) as outbox:
            await outbox.put(progress(job, 10 * (offset + 1), segments=live(offset, 3)))
            if name == "new":
                await outbox.put({"job_id": job, "status": "completed"})
            assert await outbox.flush(60)
            assert (await outbox.stats()).dead == 0
        await database.close()
    assert texts(backend, job) == [f"s{number}" for number in range(6)]


async def test_a_lost_file_costs_nothing_of_what_follows(
    backend: EmbeddedBackend, endpoint: ConvexClient, tmp_path: Path, job: str
) -> None:
    """The numbering begins again below the row's; the answers say where it is."""
    for life in range(3):
        database = await Database.open(tmp_path / f"file-{life}")
        async with running_outbox(database, endpoint) as outbox:
            for number in range(4):
                await outbox.put(progress(job, number, message=f"{life}.{number}"))
                assert await outbox.flush(60)
            assert row_of(backend, job)["message"] == f"{life}.3"
            if life == 2:
                await outbox.put({"job_id": job, "status": "completed"})
                assert await outbox.flush(60)
        await database.close()
    assert row_of(backend, job)["status"] == "completed"


async def test_the_end_gets_through_also_where_its_number_was_taken(
    backend: EmbeddedBackend, endpoint: ConvexClient, database: Database, job: str
) -> None:
    await endpoint.update_job_status({"job_id": job, "status": "processing", "sequence": 1})
    async with running_outbox(database, endpoint) as outbox:
        assert await outbox.put({"job_id": job, "status": "completed"}) == 1
        assert await outbox.flush(60)
    assert row_of(backend, job)["status"] == "completed"


async def test_a_wrong_clock_does_not_cost_the_transcript(
    backend: EmbeddedBackend, endpoint: ConvexClient, database: Database, job: str
) -> None:
    ahead = datetime.now(UTC) + timedelta(days=400)
    async with running_outbox(database, endpoint) as outbox:
        await outbox.put({"job_id": job, "status": "completed", "result": {"text": "all"},
                          "timestamps": {"started_at": ahead, "completed_at": ahead}})  # fmt: skip
        assert await outbox.flush(60)
        assert (await outbox.stats()).dead == 0
    row = row_of(backend, job)
    assert (row["status"], row["result"]["text"]) == ("completed", "all")
    assert row["completedAt"] < ahead.timestamp() * 1000


async def test_a_cancelled_job_is_told_and_a_removed_one_is_dropped(
    backend: EmbeddedBackend, endpoint: ConvexClient, database: Database, job: str
) -> None:
    heard: list[UpdateOutcome] = []
    removed: list[str] = []
    async with running_outbox(database, endpoint) as outbox:
        outbox.on_outcome(lambda _, outcome: heard.append(outcome))
        outbox.on_removed(removed.append)
        await outbox.put(progress(job, 10))
        assert await outbox.flush(60)
        backend.cancel(job)
        await outbox.put(progress(job, 20))
        assert await outbox.flush(60)
        await until(lambda: len(heard) == 2)
        assert (heard[1].outcome, heard[1].status) == ("ignored", "cancelled")
        backend.remove(job)
        await outbox.put({"job_id": job, "status": "cancelled"})
        await until(lambda: removed == [job])
        assert (await outbox.stats()).dead == 0


async def test_a_job_whose_row_comes_later(
    backend: EmbeddedBackend, endpoint: ConvexClient, database: Database
) -> None:
    job = f"outbox-{next(_numbers)}-later"
    async with running_outbox(database, endpoint) as outbox:
        await outbox.put({"job_id": job, "status": "pending"})
        await asyncio.sleep(0.3)
        backend.create(job)
        await outbox.put({"job_id": job, "status": "completed"})
        assert await outbox.flush(60)
    assert row_of(backend, job)["status"] == "completed"


async def test_a_new_attempt_begins_with_a_clean_slate(
    backend: EmbeddedBackend, endpoint: ConvexClient, database: Database, job: str
) -> None:
    async with running_outbox(database, endpoint) as outbox:
        await outbox.put(progress(job, 50, segments=live(0, 3)))
        assert await outbox.flush(60)
        await outbox.put(
            progress(job, 10, attempt=2, segments={"offset": 0, "items": [segment(7)]})
        )
        assert await outbox.flush(60)
    row = row_of(backend, job)
    assert (row["attempt"], row["progress"], texts(backend, job)) == (2, 10, ["s7"])


@pytest.mark.parametrize("seed", range(4))
async def test_a_bad_network_changes_nothing(
    backend: EmbeddedBackend, database: Database, seed: int
) -> None:
    """Requests and answers are lost, doubled and late; rows and transcripts end as reported."""
    chance = random.Random(seed)
    jobs = [f"outbox-{next(_numbers)}-{seed}-{number}" for number in range(6)]
    for job in jobs:
        backend.create(job)
    counts = {job: chance.randrange(5, 40) for job in jobs}

    async def report(outbox: Outbox, job: str) -> None:
        await outbox.put({"job_id": job, "status": "pending"})
        for number in range(counts[job]):
            percent = 100 * number / counts[job]
            await outbox.put(progress(job, percent, segments=live(number), message=f"at {number}"))
            await asyncio.sleep(chance.random() * 0.02)
        await outbox.put({"job_id": job, "status": "failed", "error": f"why {job}"})

    async with (
        faulty_proxy(backend.site_url, faults=0.5, seed=seed) as proxy,
        ConvexClient(proxy.url, API_KEY) as client,
        running_outbox(database, client, quick(request_bytes=400)) as outbox,
    ):
        await asyncio.gather(*(report(outbox, job) for job in jobs))
        assert await outbox.flush(120)
        assert (await outbox.stats()).dead == 0
    for job in jobs:
        row = row_of(backend, job)
        assert (row["status"], row["error"]) == ("failed", f"why {job}")
        assert row["progress"] == 100 * (counts[job] - 1) / counts[job]
        assert texts(backend, job) == [f"s{number}" for number in range(counts[job])]
