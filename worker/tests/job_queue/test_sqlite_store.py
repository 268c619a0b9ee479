"""The queue's jobs in SQLite: every state met by every step."""

import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from transcription_worker import AudioInfo, Database, JobUpdate, Outbox
from transcription_worker.engines import TranscriptionOptions
from transcription_worker.queue import JobExistsError, SqliteJobStore

OPTIONS = TranscriptionOptions(language="en", word_times=False, temperature=0.5)


class Store:
    """A store with one job `a` in a given state."""

    def __init__(self, store: SqliteJobStore) -> None:
        self.store = store
        self.upload_id = ""

    async def bring_to(self, state: str) -> None:
        if state == "nothing":
            return
        self.upload_id = await self.begin("a")
        if state == "uploading":
            return
        await self.store.enqueue(self.upload_id, 9, AudioInfo(duration=1), OPTIONS)
        if state == "waiting":
            return
        assert await self.store.claim() is not None
        if state == "claimed":
            return
        assert await self.report("processing")
        if state == "running":
            return
        assert await self.report("cancelled")

    async def begin(self, job_id: str) -> str:
        upload_id = uuid.uuid4().hex
        await self.store.begin_upload(job_id, upload_id, f"{job_id}.mp3")
        return upload_id

    async def report(self, status: str, attempt: int = 1) -> bool:
        update: dict[str, Any] = {"job_id": "a", "status": status, "attempt": attempt}
        if status == "failed":
            update["error"] = "why"
        return await self.store.report(JobUpdate.parse(update)) is not None

    async def state(self) -> str:
        job = await self.store.get("a")
        return "nothing" if job is None else f"{job.state} {job.attempt}"


@pytest.fixture
async def store(database: Database) -> Store:
    return Store(await SqliteJobStore.open(database, await Outbox.open(database, None)))


async def begin(store: Store) -> bool:
    try:
        await store.begin("a")
    except JobExistsError:
        return False
    return True


async def enqueue(store: Store) -> bool:
    return await store.store.enqueue(store.upload_id, 9, AudioInfo(), OPTIONS) is not None


async def claim(store: Store) -> bool:
    return await store.store.claim() is not None


async def release(store: Store) -> bool:
    await store.store.release_running()
    return True


async def recover(store: Store) -> bool:
    return len(await store.store.recover()) == 1


async def sign(store: Store) -> bool:
    return await store.store.report_waiting() == 1


async def forget(store: Store) -> bool:
    await store.store.forget_ended(4_000_000_000_000)
    return True


def report(status: str, attempt: int = 1) -> Callable[[Store], Awaitable[bool]]:
    return lambda store: store.report(status, attempt)


async def abandon(store: Store) -> bool:
    return await store.store.abandon_upload(store.upload_id)


STATES = ["nothing", "uploading", "waiting", "claimed", "running", "ended"]
# For each step: whether it says yes in each of STATES, and the state afterwards.
TABLE: list[tuple[Callable[[Store], Awaitable[bool]], str, str]] = [
    (begin, "yynnnn", "uploading 1|uploading 1|waiting 1|running 1|running 1|ended 1"),
    (abandon, "yynnny", "nothing|nothing|waiting 1|running 1|running 1|ended 1"),
    (enqueue, "nynnnn", "nothing|waiting 1|waiting 1|running 1|running 1|ended 1"),
    (claim, "nnynnn", "nothing|uploading 1|running 1|running 1|running 1|ended 1"),
    # A run of which nobody was told is not another attempt.
    (release, "yyyyyy", "nothing|uploading 1|waiting 1|waiting 1|waiting 2|ended 1"),
    (recover, "nnnyyn", "nothing|nothing|waiting 1|waiting 1|waiting 2|ended 1"),
    (forget, "yyyyyy", "nothing|uploading 1|waiting 1|running 1|running 1|nothing"),
    (sign, "nnynnn", "nothing|uploading 1|waiting 1|running 1|running 1|ended 1"),
    (report("pending"), "nnynnn", "nothing|uploading 1|waiting 1|running 1|running 1|ended 1"),
    (report("processing"), "nyyyyn", "nothing|uploading 1|waiting 1|running 1|running 1|ended 1"),
    (
        report("processing", 2),
        "nnnnnn",
        "nothing|uploading 1|waiting 1|running 1|running 1|ended 1",
    ),
    (report("completed"), "nyyyyn", "nothing|ended 1|ended 1|ended 1|ended 1|ended 1"),
    (report("failed"), "nyyyyn", "nothing|ended 1|ended 1|ended 1|ended 1|ended 1"),
    (report("cancelled"), "nyyyyn", "nothing|ended 1|ended 1|ended 1|ended 1|ended 1"),
]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("row", TABLE)
async def test_every_state_meets_every_step(
    row: tuple[Callable[[Store], Awaitable[bool]], str, str], state: str, store: Store
) -> None:
    step, answers, states = row
    index = STATES.index(state)
    await store.bring_to(state)
    assert await step(store) is (answers[index] == "y")
    assert await store.state() == states.split("|")[index]


async def test_jobs_are_claimed_in_order_and_keep_their_place(store: Store) -> None:
    for job_id in "cab":
        upload_id = await store.begin(job_id)
        await store.store.enqueue(upload_id, 1, AudioInfo(), OPTIONS)
    first = await store.store.claim()
    assert first is not None
    assert (first.job_id, first.options) == ("c", OPTIONS)
    await store.store.release_running()
    assert [job.job_id for job in await store.store.waiting()] == ["c", "a", "b"]
    assert await store.store.count_waiting() == 3


async def test_crashes_are_counted_and_stops_are_not(store: Store) -> None:
    await store.bring_to("running")
    await store.store.release_running()
    await store.store.claim()
    (job,) = await store.store.recover()
    # The second run was claimed, but nobody was told of it.
    assert (job.attempt, job.crashes) == (2, 1)


async def test_an_upload_that_was_replaced_is_nobodys(store: Store) -> None:
    first = await store.begin("a")
    second = await store.begin("a")
    assert await store.store.enqueue(first, 1, AudioInfo(), OPTIONS) is None
    assert await store.store.abandon_upload(first)
    assert await store.store.enqueue(second, 1, AudioInfo(), OPTIONS) is not None


async def test_sequences_go_on_where_they_were(store: Store, database: Database) -> None:
    """Also through a second store on the same file, as after a restart."""
    await store.bring_to("running")
    await store.report("processing")
    again = await SqliteJobStore.open(database, await Outbox.open(database, None))
    update = JobUpdate.parse({"job_id": "a", "status": "processing", "progress": 5})
    before = await again.get("a")
    await again.report(update)
    after = await again.get("a")
    assert before is not None
    assert after is not None
    assert before.view.sequence is not None
    assert after.view.sequence == before.view.sequence + 1
