"""A wall clock that runs backwards changes nothing but the times that people read."""

import time
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from support.embedded_backend import API_KEY, EmbeddedBackend
from support.outboxes import live, progress, running_outbox
from transcription_worker import ConvexClient, Database
from transcription_worker.outbox import dead_letter


async def test_a_clock_that_goes_backwards(
    backend: EmbeddedBackend, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = "clock-backwards"
    backend.create(job)
    began, hours = time.time(), count()
    # Every look at the clock is an hour before the last one.
    monkeypatch.setattr(time, "time", lambda: began - 3600 * next(hours))
    start = datetime.now(UTC)
    async with ConvexClient(backend.site_url, API_KEY, timeout=30) as client:
        for life in range(3):
            async with running_outbox(database, client) as outbox:
                for number in range(5 * life, 5 * life + 5):
                    times = {"started_at": start - timedelta(hours=number)}
                    update = progress(job, number, segments=live(number), timestamps=times)
                    assert await outbox.put(update) == number + 1
                assert await outbox.flush(60)
        async with running_outbox(database, client) as outbox:
            ended = {"started_at": start, "completed_at": start - timedelta(days=1)}
            await outbox.put({"job_id": job, "status": "completed", "timestamps": ended})
            assert await outbox.flush(60)
    assert next(hours) > 10
    assert await database.read(dead_letter.list_all) == []
    row = backend.row(job)
    assert row is not None
    assert row["status"] == "completed"
    assert row["completedAt"] >= row["createdAt"]
    assert row["startedAt"] == round((start - timedelta(hours=14)).timestamp() * 1000)
    assert [segment["text"] for segment in backend.segments(job)] == [f"s{n}" for n in range(15)]
