"""Every state of a job met by a stop, a full disk, a locked file, and a cancel at each turn.

Whatever happens, the queue stops, and after a start on a healthy disk every job that was accepted
ends once, with its transcript, without a run that was not needed, and no file is left.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from support.logs import capture_logs
from support.queue_world import Queue, World, lock
from support.small_disk import small_disk
from support.step_engine import StepRun
from support.waiting import until, until_async
from transcription_worker.engines import EngineEvent

TEXTS = ["one", "two"]
Bring = Callable[[World, Queue], Awaitable[str]]


async def uploading(world: World, queue: Queue) -> str:
    return await queue.begin("a", world.content)


async def waiting(world: World, queue: Queue) -> str:
    """Behind another one, which is held up while it is decoded."""
    queue.decoder.gate.clear()
    await queue.enqueue(await queue.begin("0", world.content))
    await until(lambda: queue.decoder.calls)
    upload_id = await uploading(world, queue)
    await queue.enqueue(upload_id)
    return upload_id


async def decoding(world: World, queue: Queue) -> str:
    queue.decoder.gate.clear()
    upload_id = await uploading(world, queue)
    await queue.enqueue(upload_id)
    await until_async(lambda: _says(queue, "Reading the audio file"))
    return upload_id


async def no_room(world: World, queue: Queue) -> str:
    queue.files.is_full = True
    upload_id = await uploading(world, queue)
    await queue.enqueue(upload_id)
    await until_async(lambda: _says(queue, "Waiting for room on the worker's disk"))
    assert not queue.files.pcm(upload_id).exists()
    return upload_id


async def transcribing(world: World, queue: Queue) -> str:
    upload_id = await uploading(world, queue)
    await queue.enqueue(upload_id)
    (await queue.engine.next_run()).say(0.5, "one")
    await until_async(lambda: _has_segments(queue))
    return upload_id


async def outage(world: World, queue: Queue) -> str:
    upload_id = await uploading(world, queue)
    await queue.enqueue(upload_id)
    (await queue.engine.next_run()).say_event(EngineEvent(0.0, outage="The service is busy"))
    await until_async(lambda: _says(queue, "The service is busy"))
    return upload_id


async def ended(world: World, queue: Queue) -> str:
    upload_id = await uploading(world, queue)
    await queue.enqueue(upload_id)
    finish(await queue.engine.next_run())
    await until(lambda: not world.file_names())
    return upload_id


STATES: list[Bring] = [uploading, waiting, decoding, no_room, transcribing, outage, ended]


def finish(run: StepRun) -> None:
    for number, text in enumerate(TEXTS, 1):
        run.say(number / len(TEXTS), text)
    run.finish()


async def _says(queue: Queue, message: str) -> bool:
    return await queue.message("a") == message


async def _has_segments(queue: Queue) -> bool:
    job = await queue.service.get("a")
    return job is not None and job.view.segment_count > 0


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, monkeypatch)


async def all_end_well(world: World, attempts: dict[str, int], status: str = "completed") -> None:
    """A start on a healthy disk ends what was accepted, and what was not is gone."""
    async with world.queue() as queue:

        async def run_all() -> None:
            while True:
                finish(await queue.engine.next_run())

        running = asyncio.create_task(run_all())
        try:
            await until_async(lambda: _all_ended(queue))
            await until(lambda: not world.file_names())
        finally:
            running.cancel()
    ends = world.ends()
    assert ends.keys() == attempts.keys()
    for job_id, [end] in ends.items():  # once
        assert end["attempt"] == attempts[job_id]
        wanted = status if job_id == "a" else "completed"
        assert end["status"] == wanted
        if wanted == "completed":
            assert end["texts"] == TEXTS
            assert end["result"]["text"] == " ".join(TEXTS)
    assert all(crashes == 0 for (crashes,) in world.rows("crashes"))


async def _all_ended(queue: Queue) -> bool:
    counts = await queue.service.counts()
    return sum(counts.values()) == counts["ended"]


def accepted(bring: Bring, *, stopped: bool = True) -> dict[str, int]:
    """The attempt in which each accepted job ends after a stop."""
    if bring is uploading:
        return {}
    if bring is waiting:
        return {"0": 2 if stopped else 1, "a": 1}
    return {"a": 1 if bring is ended or not stopped else 2}


@pytest.mark.parametrize("bring", STATES)
async def test_a_stop(bring: Bring, world: World) -> None:
    async with world.queue() as queue:
        await bring(world, queue)
    await all_end_well(world, accepted(bring))


@pytest.mark.parametrize("bring", STATES)
async def test_a_stop_while_the_file_is_locked(bring: Bring, world: World) -> None:
    async with world.queue() as queue:
        await bring(world, queue)
        other = lock(world.path)
        await asyncio.sleep(0.05)
    other.close()
    await all_end_well(world, accepted(bring))


@pytest.mark.parametrize("bring", STATES)
async def test_a_stop_while_the_disk_is_full(
    bring: Bring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_disk(tmp_path / "disk", 4) as disk:
        world = World(disk.path, monkeypatch)
        async with world.queue() as queue:
            await bring(world, queue)
            disk.fill()
            await asyncio.sleep(0.05)
        disk.clear()
        await all_end_well(world, accepted(bring))


async def test_an_end_that_cannot_be_stored_is_kept_over_a_stop(world: World) -> None:
    async with world.queue() as queue:
        upload_id = await transcribing(world, queue)
        run = _run_of(queue)
        run.say(1.0, "two")
        await until_async(lambda: _segments(queue, 2))
        other = lock(world.path)
        run.finish()
        await until(lambda: world.file_names() == {f"{upload_id}.end"})
    other.close()
    assert world.file_names() == {f"{upload_id}.end"}
    # The transcript is not made again: nobody runs an engine here.
    async with world.queue() as queue:
        assert queue.engine.runs.empty()
    [end] = world.ends()["a"]
    assert (end["status"], end["attempt"], end["texts"]) == ("completed", 1, TEXTS)
    assert world.file_names() == set()


@pytest.mark.parametrize("count", range(14))
async def test_a_transcript_that_is_finished_as_the_queue_stops_is_not_made_again(
    count: int, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished: list[str] = []

    def model_name(_: object) -> str:
        finished.append("transcript")  # it is asked for when the last segment is in
        return "step model"

    async with world.queue() as queue:
        monkeypatch.setattr(queue.engine, "model_name", model_name)
        await transcribing(world, queue)
        run = _run_of(queue)
        run.say(1.0, "two")
        await until_async(lambda: _segments(queue, 2))
        run.finish()
        await turns(count)
    if finished:  # the file was healthy, so Convex need not wait for the next start
        assert [end["status"] for end in world.ends()["a"]] == ["completed"]
    await all_end_well(world, {"a": 1 if finished else 2})


async def test_an_end_on_a_full_disk_makes_the_room_that_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_disk(tmp_path / "disk", 4) as disk, capture_logs() as logs:
        world = World(disk.path, monkeypatch, seconds=8)
        async with world.queue() as queue:
            await transcribing(world, queue)
            run = _run_of(queue)
            run.say(1.0, "x" * 60_000)
            await until_async(lambda: _segments(queue, 2))
            disk.fill()
            run.finish()
            # Nobody clears the disk: the upload goes once the end is kept, and the end is stored.
            await until(lambda: not world.file_names())
        [end] = world.ends()["a"]
        assert (end["status"], end["attempt"]) == ("completed", 1)
        assert end["result"]["text"] == "one " + "x" * 60_000
    assert "report_not_stored" in [log["event"] for log in logs]


def _run_of(queue: Queue) -> StepRun:
    assert queue.engine.last is not None
    return queue.engine.last


async def _segments(queue: Queue, count: int) -> bool:
    job = await queue.service.get("a")
    return job is not None and job.view.segment_count == count


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def cancelled_in_its_write(
    queue: Queue, work: Coroutine[Any, Any, Any], count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancels it so many turns of the loop after it has begun to write; -1: before it begins."""
    begun, write = asyncio.Event(), queue.database.write

    async def watched(step: Any, after_commit: Any = None) -> Any:
        if asyncio.current_task() is task:
            begun.set()
        return await write(step, after_commit)

    with monkeypatch.context() as patch:
        patch.setattr(queue.database, "write", watched)
        task = asyncio.create_task(work)
        if count >= 0:
            await begun.wait()
            await turns(count)
        task.cancel()
        await asyncio.wait([task])
    # Everything before it is durable, and its callbacks were called.
    await queue.database.write(lambda connection: None)


# A flush of the disk takes many turns: the first ones come before it has ended, the last after.
TURNS = [-1, 0, 1, 2, 3, 5, 8, 5_000]


@pytest.mark.parametrize("count", TURNS)
async def test_an_upload_that_is_cancelled_is_in_the_queue_or_leaves_nothing(
    count: int, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world.queue() as queue:
        upload_id = await queue.begin("a", world.content)

        async def enqueue() -> None:
            try:
                await queue.enqueue(upload_id)
            except BaseException:
                await queue.service.abandon_upload(upload_id)
                raise

        await cancelled_in_its_write(queue, enqueue(), count, monkeypatch)
        job = await queue.service.get("a")
        assert job is not None
        assert (job.state == "uploading") == (count == -1)
        if count == -1:  # it had not begun, and whoever received the file abandons it
            await queue.service.abandon_upload(upload_id)
            assert not world.file_names()
            return
        # It is in the queue, so a worker that was idle has heard of it.
        finish(await queue.engine.next_run())
        await until(lambda: not world.file_names())
    assert [end["status"] for end in world.ends()["a"]] == ["completed"]


async def test_an_upload_that_is_cancelled_as_it_begins_is_nobodys(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world.queue() as queue:
        work = queue.service.begin_upload("a", None)
        await cancelled_in_its_write(queue, work, 0, monkeypatch)
        await until_async(lambda: _is_unknown(queue))


async def _is_unknown(queue: Queue) -> bool:
    return await queue.service.get("a") is None


@pytest.mark.parametrize("bring", [state for state in STATES if state is not ended])
@pytest.mark.parametrize("count", [-1, 0, 1, 5, 5_000])
async def test_a_cancel_that_is_cancelled_is_whole_or_nothing(
    count: int, bring: Bring, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world.queue() as queue:
        upload_id = await bring(world, queue)
        cancel = queue.service.cancel("a")
        await cancelled_in_its_write(queue, cancel, count, monkeypatch)
        job = await queue.service.get("a")
        assert job is not None
        is_cancelled = job.view.status.value == "cancelled"
        assert is_cancelled == (count >= 0)
        if bring is uploading:
            await queue.service.abandon_upload(upload_id)
        elif is_cancelled:
            await until(lambda: not any(upload_id in name for name in world.file_names()))
    wanted = accepted(bring) | ({"a": 1} if is_cancelled else {})
    await all_end_well(world, wanted, "cancelled" if is_cancelled else "completed")


@pytest.mark.parametrize("bring", STATES)
@pytest.mark.parametrize("count", [0, 1, 2, 4, 8])
async def test_a_stop_that_is_cancelled_loses_nothing(
    count: int, bring: Bring, world: World
) -> None:
    async with world.queue() as queue:
        await bring(world, queue)
        task = asyncio.create_task(queue.service.stop())
        await turns(count)
        task.cancel()
        await asyncio.wait([task])
    await all_end_well(world, accepted(bring))
