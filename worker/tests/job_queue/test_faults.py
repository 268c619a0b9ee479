"""What a disk, an engine or an earlier version does to the queue, and what people are told."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from support.logs import capture_logs
from support.queue_world import Queue, World, lock
from support.small_disk import small_disk
from support.waiting import until, until_async
from transcription_worker import JobUpdate, StorageError
from transcription_worker.audio import PcmAudio
from transcription_worker.engines import EngineError, EngineEvent, TranscriptionOptions
from transcription_worker.models import UpdateOutcome
from transcription_worker.queue import QueueOptions
from transcription_worker.queue.run import room_to_try_again


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, monkeypatch)


async def submit(world: World, queue: Queue, job_id: str) -> str:
    upload_id = await queue.begin(job_id, world.content)
    assert await queue.enqueue(upload_id)
    return upload_id


async def says(queue: Queue, job_id: str, message: str) -> None:
    async def told() -> bool:
        return await queue.message(job_id) == message

    await until_async(told)


async def ended(queue: Queue, job_id: str) -> str:
    async def end() -> str | None:
        job = await queue.service.get(job_id)
        return job.view.status.value if job is not None and job.state == "ended" else None

    return await until_async(end)


async def test_an_upload_that_cannot_be_stored_has_failed_and_may_come_again(world: World) -> None:
    async with world.queue() as queue:
        upload_id = await queue.begin("a", world.content)
        other = lock(world.path)
        with pytest.raises(StorageError):
            await queue.enqueue(upload_id)
        await queue.service.abandon_upload(upload_id)
        # It was in nobody's queue, and its room is given back though the file takes no note.
        assert world.file_names() == set()
        other.close()
        await submit(world, queue, "a")
        (await queue.engine.next_run()).finish()
        assert await ended(queue, "a") == "completed"


async def test_a_job_tells_its_place_from_the_first_report_on(world: World) -> None:
    async with world.queue() as queue:
        queue.decoder.gate.clear()
        await submit(world, queue, "running")
        await until(lambda: queue.decoder.calls)
        for place, job_id in enumerate("abc", 1):
            await submit(world, queue, job_id)
            assert await queue.message(job_id) == f"Waiting in the queue, place {place}"


async def test_all_that_wait_give_their_sign_of_life_in_one_transaction(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world.queue(start=False) as queue:
        for number in range(40):
            await submit(world, queue, f"job-{number}")
        writes: list[object] = []
        write = queue.database.write

        async def counting(work: Any, after_commit: Any = None) -> Any:
            writes.append(work)
            return await write(work, after_commit)

        monkeypatch.setattr(queue.database, "write", counting)
        assert await queue.store.report_waiting() == 40
        assert len(writes) == 1
        assert await queue.message("job-39") == "Waiting in the queue, place 40"


async def test_no_job_is_silent_for_longer_than_the_sign_of_life(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever a job has spoken last: its own silence counts, not the beat of a timer."""
    begin = time.monotonic()
    clock = SimpleNamespace(now=begin)
    chance = random.Random(1)
    async with world.queue() as queue:
        await submit(world, queue, "a")
        run = await queue.engine.next_run()
        run.say(0.01)
        await says(queue, "a", "Transcribing")
        times = SimpleNamespace(monotonic=lambda: clock.now)
        for module in ("run", "service"):
            monkeypatch.setattr(f"transcription_worker.queue.{module}.time", times)
        service = queue.service
        (job_run,) = service._runner.runs()
        job_run.reported_at = service._waiting_told_at = begin
        spoken, sequence = [begin], await _sequence(queue)
        for step in range(1, 60):
            clock.now = service._next_sign_at()
            if chance.random() < 0.5:  # the engine says something in between
                clock.now = chance.uniform(spoken[-1], clock.now)
                run.say(0.01 + step / 100)
                await until(lambda: job_run.reported_at == clock.now)
            else:
                await service._give_signs(clock.now)
            if await _sequence(queue) > sequence:
                sequence = await _sequence(queue)
                spoken.append(clock.now)
        gaps = [later - earlier for earlier, later in pairwise(spoken)]
        assert 5 < max(gaps) < 10.001
        monkeypatch.undo()


async def _sequence(queue: Queue) -> int:
    job = await queue.service.get("a")
    assert job is not None
    assert job.view.sequence is not None
    return job.view.sequence


@pytest.mark.parametrize("how", ["over", "failed", "cancelled"])
async def test_in_an_outage_no_other_job_is_started(how: str, world: World) -> None:
    world.options = QueueOptions(max_concurrent_jobs=3)
    async with world.queue() as queue:
        await submit(world, queue, "a")
        await submit(world, queue, "b")
        first, second = await queue.engine.next_run(), await queue.engine.next_run()
        first.say_event(EngineEvent(0.3, outage="The service is overloaded"))
        await says(queue, "a", "The service is overloaded")
        job = await queue.service.get("a")
        assert job is not None
        assert (job.view.stage, job.view.status.value) == ("transcribing", "processing")
        await submit(world, queue, "c")
        second.say(0.5, "goes on")
        await says(queue, "b", "Transcribing")
        second.finish()
        assert await ended(queue, "b") == "completed"
        assert await queue.service.counts() == {
            "uploading": 0, "waiting": 1, "running": 1, "ended": 1,
        }  # fmt: skip
        match how:
            case "over":
                first.say(0.4)
                await says(queue, "a", "Transcribing")
            case "failed":
                first.fail(EngineError("It never came back.", "engine_unavailable"))
            case "cancelled":
                await queue.service.cancel("a")
        (await queue.engine.next_run()).finish()
        assert await ended(queue, "c") == "completed"


async def test_what_is_wrong_with_a_file_is_said_from_then_on_and_kept(world: World) -> None:
    notice = "The recording ends early: 8 of 14 seconds could be read"
    async with world.queue() as queue:
        queue.decoder.notice = notice
        await submit(world, queue, "a")
        run = await queue.engine.next_run()
        await says(queue, "a", notice)
        run.say_event(EngineEvent(0.3, outage="The service is overloaded"))
        await says(queue, "a", "The service is overloaded")
        run.say(0.5, "one")
        await says(queue, "a", notice)
        run.finish()
        assert await ended(queue, "a") == "completed"
        assert await queue.message("a") == notice


async def test_a_job_that_meets_a_full_disk_waits_and_goes_on(world: World) -> None:
    async with world.queue() as queue:
        queue.files.is_full = True
        upload_id = await submit(world, queue, "a")
        await says(queue, "a", "Waiting for room on the worker's disk")
        assert world.file_names() == {f"{upload_id}.upload"}
        queue.files.is_full = False
        run = await queue.engine.next_run()
        await says(queue, "a", "Transcribing")
        run.finish()
        assert await ended(queue, "a") == "completed"
    assert [end["attempt"] for end in world.ends()["a"]] == [1]


async def test_a_job_that_no_room_can_be_enough_for_has_failed(world: World) -> None:
    async with world.queue() as queue:
        queue.files.is_full = True
        queue.files.reserve = 1 << 60
        await submit(world, queue, "a")
        assert await ended(queue, "a") == "failed"
    [end] = world.ends()["a"]
    assert (end["errorCode"], end["error"]) == (
        "audio_too_long",
        "The audio is too long for the worker's disk.",
    )


@pytest.mark.parametrize(("seconds", "room"), [(0, 1 << 20), (60, 2_400_000), (3600, 144_000_000)])
def test_room_to_try_again(seconds: float, room: int) -> None:
    assert room_to_try_again(seconds) == room


async def test_a_run_goes_on_where_it_was_once_the_disk_has_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_disk(tmp_path / "disk", 4) as disk, capture_logs() as logs:
        world = World(disk.path, monkeypatch)
        async with world.queue() as queue:
            await submit(world, queue, "a")
            run = await queue.engine.next_run()
            disk.fill()
            run.say(0.5, "one " * 10_000)
            run.say(1.0, "two")
            run.finish()
            await until(lambda: "report_not_stored" in [log["event"] for log in logs])
            disk.clear()
            assert await ended(queue, "a") == "completed"
        [end] = world.ends()["a"]
        assert end["attempt"] == 1
        assert end["texts"] == ["one " * 10_000, "two"]


class StubbornEngine:
    """Does not stop when it is told to, and ends when a test says so."""

    def __init__(self) -> None:
        self.may_end = False
        self.listens = asyncio.Event()
        self.was_cancelled = asyncio.Event()

    def model_name(self, options: TranscriptionOptions) -> str:
        return "stubborn"

    async def transcribe(
        self, audio: PcmAudio, options: TranscriptionOptions
    ) -> AsyncGenerator[EngineEvent]:
        yield EngineEvent(0.1)
        self.listens.set()
        while not self.may_end:
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                self.was_cancelled.set()


@pytest.mark.parametrize("how", ["stop", "cancel"])
async def test_an_engine_that_ignores_its_cancellation_holds_up_nothing(
    how: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transcription_worker.queue.runner._ENGINE_GRACE", 0.05)
    engine = StubbornEngine()
    async with world.queue() as queue:
        monkeypatch.setattr(queue.service._runner, "_engine", engine)
        await submit(world, queue, "a")
        await asyncio.wait_for(engine.listens.wait(), timeout=60)
        if how == "cancel":
            await queue.service.cancel("a")
            monkeypatch.setattr(queue.service._runner, "_engine", queue.engine)
            await submit(world, queue, "b")
            (await queue.engine.next_run()).finish()
            assert await ended(queue, "b") == "completed"
        async with asyncio.timeout(10):
            await queue.service.stop()
        assert engine.was_cancelled.is_set()
        assert queue.service.has_stubborn_engines
        engine.may_end = True
        await until(lambda: not queue.service.has_stubborn_engines)
    if how == "stop":
        assert world.rows("state, attempt, crashes") == [("waiting", 2, 0)]


async def test_a_job_that_is_gone_or_over_on_convex_is_told_nothing_more(world: World) -> None:
    async with world.queue() as queue:
        for job_id in ("removed", "ignored"):
            await submit(world, queue, job_id)
        await queue.engine.next_run()
        queue.service.on_removed("removed")
        outcome = {"outcome": "ignored", "status": "cancelled", "progress": 0, "attempt": 1}
        queue.service.on_outcome("ignored", UpdateOutcome.model_validate(outcome))
        for job_id in ("removed", "ignored"):
            assert await ended(queue, job_id) == "cancelled"
        await until(lambda: not world.file_names())
    assert world.ends() == {}


def _damage(view: str | None = None, options: str | None = None, job_id: str | None = None) -> str:
    changes = {"view": view, "options": options, "job_id": job_id}
    sets = ", ".join(f"{name} = '{value}'" for name, value in changes.items() if value is not None)
    return f"UPDATE queue_jobs SET {sets} WHERE job_id = 'bad'"


@pytest.mark.parametrize(
    "damage",
    [
        _damage(view='{"job_id": "bad", "secret": true}'),
        _damage(view="not JSON, but a secret"),
        _damage(options='{"secret_option": 1}'),
        _damage(options="[]"),
        _damage(job_id="a/b"),
        _damage(job_id=""),
    ],
)
@pytest.mark.parametrize("when", ["at the start", "later"])
async def test_a_row_that_cannot_be_read_is_set_aside(when: str, damage: str, world: World) -> None:
    if damage.count("job_id ="):
        # As an earlier version stored it: the same id in both places.
        damage = damage.replace(" WHERE", ", view = replace(view, 'bad', 'a/b') WHERE", 1)
    with capture_logs() as logs:
        async with world.queue(start=False) as queue:
            upload_id = await submit(world, queue, "bad")
            await submit(world, queue, "good")
            if when == "later":
                queue.decoder.gate.clear()
                await submit(world, queue, "first")
                await queue.database.write(
                    lambda connection: connection.execute(
                        "UPDATE queue_jobs SET place = -1 WHERE job_id = 'first'"
                    )
                )
                await queue.service.start()
                await until(lambda: queue.decoder.calls)
            await queue.database.write(lambda connection: connection.execute(damage))
            if when == "later":
                queue.decoder.gate.set()
                (await queue.engine.next_run()).finish()
            else:
                await queue.service.start()
            (await queue.engine.next_run()).finish()
            assert await ended(queue, "good") == "completed"
            assert await queue.service.get("bad") is None
            # Its file is kept, for a version that can read its row, as long as an ended job is.
            assert world.file_names() >= {f"{upload_id}.upload"}
            assert set(await queue.store.forget_ended(4_000_000_000_000)) == {upload_id}
    told = [log for log in logs if log["event"] == "job_unreadable"]
    assert len(told) == 1
    assert "secret" not in str(told)
    ends = world.ends()
    assert [end["status"] for end in ends["good"]] == ["completed"]
    if "job_id =" in damage.split("WHERE")[0]:
        assert ends.keys() <= {"good", "first"}
    else:
        assert [(end["status"], end["errorCode"]) for end in ends["bad"]] == [
            ("failed", "worker_error")
        ]


async def test_an_end_that_was_kept_but_cannot_be_read_is_made_again(world: World) -> None:
    async with world.queue(start=False) as queue:
        upload_id = await submit(world, queue, "a")
        (world.folder / "uploads" / f"{upload_id}.end").write_bytes(b'{"job_id": "a"')
        await queue.service.start()
        (await queue.engine.next_run()).finish()
        assert await ended(queue, "a") == "completed"


async def test_seconds_of_engines_and_sound_are_counted(world: World) -> None:
    async with world.queue() as queue:
        await submit(world, queue, "a")
        run = await queue.engine.next_run()
        run.say(0.5, "one")
        await says(queue, "a", "Transcribing")
        await until(lambda: queue.service.audio_seconds == 0.25)
        run.finish()
        assert await ended(queue, "a") == "completed"
        assert queue.service.audio_seconds == 0.5
        assert queue.service.engine_seconds > 0


async def test_an_update_of_the_wrong_attempt_is_not_reported(world: World) -> None:
    async with world.queue(start=False) as queue:
        await submit(world, queue, "a")
        update = JobUpdate.parse({"job_id": "a", "status": "processing", "attempt": 2})
        assert await queue.store.report(update) is None
        with pytest.raises(ValueError, match="pattern"):
            await queue.service.begin_upload("a/b", None)
