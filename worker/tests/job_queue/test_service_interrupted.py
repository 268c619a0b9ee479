"""What ends a job early, or runs it again: cancels, stops, crashes, full disks."""

import asyncio
import itertools
from pathlib import Path

import pytest

from support.queue_harness import Harness, queue_harness
from support.scripted_server import Answer, Received, ScriptedServer, accepted, refused
from support.waiting import until, until_async
from transcription_worker import AudioInfo
from transcription_worker.queue import QueueOptions, reports


async def test_cancelling_a_running_job_stops_its_engine(harness: Harness) -> None:
    await harness.submit("a")
    run = await harness.engine.next_run()
    run.say(0.5, "kept")
    await until(lambda: any("segments" in update for update in harness.updates("a")))
    job = await harness.service.cancel("a")
    assert job is not None
    assert job.view.status.value == "cancelled"
    assert job.view.segment_count == 1
    await asyncio.wait_for(run.stopped.wait(), timeout=60)
    assert (await harness.ended("a"))["status"] == "cancelled"
    await until(lambda: harness.file_names() == set())


async def test_cancelling_a_waiting_job_keeps_it_from_running(harness: Harness) -> None:
    await harness.submit("a")
    await harness.submit("b")
    await harness.submit("c")
    run = await harness.engine.next_run()
    await harness.service.cancel("b")
    run.finish()
    (await harness.engine.next_run()).finish()
    assert (await harness.ended("c"))["status"] == "completed"
    assert harness.engine.runs.empty()
    # On a slow machine it may give a sign of life meanwhile.
    statuses = [update["status"] for update in harness.updates("b")]
    assert [status for status, _ in itertools.groupby(statuses)] == ["pending", "cancelled"]


async def test_cancelling_what_has_ended_or_never_was_changes_nothing(harness: Harness) -> None:
    await harness.submit("a")
    (await harness.engine.next_run()).finish()
    await harness.ended("a")
    before = await harness.service.get("a")
    assert await harness.service.cancel("a") == before
    assert await harness.service.cancel("unknown") is None
    assert len([u for u in harness.updates("a") if u["status"] == "cancelled"]) == 0


def _cancelled_by_its_user(request: Received) -> Answer:
    if request.json.get("progress", 0) < 10:
        return accepted(request)
    return accepted(request, outcome="ignored", status="cancelled")


def _taken_over(request: Received) -> Answer:
    return accepted(request, outcome="stale", attempt=2)


def _removed(request: Received) -> Answer:
    if request.json["status"] == "pending":
        return accepted(request)
    return refused(404, "job_not_found")


@pytest.mark.parametrize("script", [_cancelled_by_its_user, _taken_over, _removed])
async def test_the_engine_stops_when_convex_says_that_the_job_is_over(
    script: object, harness: Harness
) -> None:
    await harness.submit("a")
    run = await harness.engine.next_run()
    harness.server.script = script  # type: ignore[assignment]
    run.say(0.5, "in vain")
    await asyncio.wait_for(run.stopped.wait(), timeout=60)
    await until(lambda: harness.file_names() == set())
    harness.server.script = accepted
    await harness.submit("b")
    (await harness.engine.next_run()).finish()
    assert (await harness.ended("b"))["status"] == "completed"


async def test_a_waiting_job_that_was_cancelled_is_not_run(
    tmp_path: Path, server: ScriptedServer
) -> None:
    async with queue_harness(tmp_path, server, QueueOptions(sign_of_life=0.05)) as harness:
        await harness.submit("a")
        run = await harness.engine.next_run()
        harness.server.script = lambda request: (
            accepted(request, outcome="ignored", status="cancelled")
            if request.json["jobId"] == "b"
            else accepted(request)
        )
        await harness.submit("b")
        await until_async(lambda: _has_ended(harness, "b"))
        run.finish()
        await harness.ended("a")
        assert harness.engine.runs.empty()


async def _has_ended(harness: Harness, job_id: str) -> bool:
    job = await harness.service.get(job_id)
    return job is not None and job.state == "ended"


async def test_what_runs_when_the_service_stops_is_run_again(
    tmp_path: Path, server: ScriptedServer
) -> None:
    async with queue_harness(tmp_path, server) as harness:
        await harness.submit("a")
        await harness.submit("b")
        run = await harness.engine.next_run()
        run.say(0.5, "half")
        await until(lambda: any("segments" in update for update in harness.updates("a")))
    assert run.stopped.is_set()
    async with queue_harness(tmp_path, server) as harness:
        again = await harness.engine.next_run()
        again.say(1.0, "whole")
        again.finish()
        end = await harness.ended("a")
        assert (end["status"], end["attempt"]) == ("completed", 2)
        assert end["result"]["text"] == "whole"
        second = [update for update in harness.updates("a") if update["attempt"] == 2]
        assert second[0]["status"] == "pending"
        # The one that waited has kept its place and its attempt.
        (await harness.engine.next_run()).finish()
        assert (await harness.ended("b"))["attempt"] == 1


async def test_a_job_that_kills_the_worker_three_times_has_failed(
    tmp_path: Path, server: ScriptedServer
) -> None:
    async with queue_harness(tmp_path, server, start=False) as harness:
        await harness.submit("a")
        await harness.submit("b")
        for crashes in range(1, 4):
            job = await harness.store.claim()
            assert job is not None
            await harness.store.report(reports.started(job, AudioInfo()))
            (job,) = await harness.store.recover()
            assert (job.job_id, job.crashes, job.attempt) == ("a", crashes, crashes + 1)
            if crashes == 2:  # a stop is no crash
                assert await harness.store.claim() is not None
                await harness.store.release_running()
        assert await harness.store.claim() is not None
        await harness.service.start()
        end = await harness.ended("a")
        assert (end["status"], end["attempt"], end["errorCode"]) == ("failed", 4, "worker_crashed")
        assert end["error"] == "The worker stopped 4 times while it ran this job."
        (await harness.engine.next_run()).finish()
        assert (await harness.ended("b"))["status"] == "completed"


async def test_files_of_nobody_are_removed_at_the_start(
    tmp_path: Path, server: ScriptedServer
) -> None:
    async with queue_harness(tmp_path, server, start=False) as harness:
        upload_id = await harness.submit("a")
        for name in ("gone.upload", "gone.pcm", "mine.txt"):
            (tmp_path / "uploads" / name).write_bytes(b"x")
        await harness.service.start()
        await harness.engine.next_run()
        assert harness.file_names() == {f"{upload_id}.upload", f"{upload_id}.pcm", "mine.txt"}


async def test_an_end_that_the_disk_does_not_take_is_stored_later(harness: Harness) -> None:
    """The end and its `put` are one transaction: Convex is told nothing that is not stored."""
    await harness.submit("a")
    run = await harness.engine.next_run()
    await harness.database.write(
        lambda connection: connection.execute(
            "CREATE TRIGGER full BEFORE UPDATE ON queue_jobs"
            " WHEN NEW.state = 'ended' BEGIN SELECT RAISE(FAIL, 'disk is full'); END"
        )
    )
    run.finish()
    await asyncio.wait_for(run.stopped.wait(), timeout=60)
    done, _ = await asyncio.wait([asyncio.create_task(harness.ended("a"))], timeout=1)
    assert not done
    assert await harness.status("a") == "processing"
    await harness.database.write(lambda connection: connection.execute("DROP TRIGGER full"))
    assert (await harness.ended("a"))["status"] == "completed"
