"""The queue's jobs in SQLite: every state met by every step."""

from collections.abc import Awaitable, Callable

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
        self.upload_id = await self.store.begin_upload("a", "a.mp3")
        if state == "uploading":
            return
        await self.store.enqueue(self.upload_id, 9, AudioInfo(duration=1), OPTIONS)
        if state == "waiting":
            return
        assert await self.store.claim() is not None
        if state == "running":
            return
        assert await self.report("cancelled")

    async def report(self, status: str, attempt: int = 1) -> bool:
        update = {"job_id": "a", "status": status, "attempt": attempt}
        return await self.store.report(JobUpdate.parse(update))

    async def state(self) -> str:
        job = await self.store.get("a")
        return "nothing" if job is None else f"{job.state} {job.attempt}"


@pytest.fixture
async def store(database: Database) -> Store:
    return Store(await SqliteJobStore.open(database, await Outbox.open(database, None)))


async def begin(store: Store) -> bool:
    try:
        await store.store.begin_upload("a", None)
    except JobExistsError:
        return False
    return True


async def enqueue(store: Store) -> bool:
    return await store.store.enqueue(store.upload_id, 9, AudioInfo(), OPTIONS) is not None


async def claim(store: Store) -> bool:
    return await store.store.claim() is not None


async def release(store: Store) -> bool:
    await store.store.release("a")
    return True


async def recover(store: Store) -> bool:
    return len(await store.store.recover()) == 1


async def forget(store: Store) -> bool:
    await store.store.forget_ended(4_000_000_000_000)
    return True


def report(status: str, attempt: int = 1) -> Callable[[Store], Awaitable[bool]]:
    return lambda store: store.report(status, attempt)


async def abandon(store: Store) -> bool:
    return await store.store.abandon_upload(store.upload_id)


STATES = ["nothing", "uploading", "waiting", "running", "ended"]
# For each step: whether it says yes in each of STATES, and the state afterwards.
TABLE: list[tuple[Callable[[Store], Awaitable[bool]], str, str]] = [
    (begin, "yynnn", "uploading 1|uploading 1|waiting 1|running 1|ended 1"),
    (abandon, "yynny", "nothing|nothing|waiting 1|running 1|ended 1"),
    (enqueue, "nynnn", "nothing|waiting 1|waiting 1|running 1|ended 1"),
    (claim, "nnynn", "nothing|uploading 1|running 1|running 1|ended 1"),
    (release, "yyyyy", "nothing|uploading 1|waiting 1|waiting 2|ended 1"),
    (recover, "nnnyn", "nothing|nothing|waiting 1|waiting 2|ended 1"),
    (forget, "yyyyy", "nothing|uploading 1|waiting 1|running 1|nothing"),
    (report("pending"), "nnynn", "nothing|uploading 1|waiting 1|running 1|ended 1"),
    (report("processing"), "nyyyn", "nothing|uploading 1|waiting 1|running 1|ended 1"),
    (report("processing", 2), "nnnnn", "nothing|uploading 1|waiting 1|running 1|ended 1"),
    (report("completed"), "nyyyn", "nothing|ended 1|ended 1|ended 1|ended 1"),
    (report("cancelled"), "nyyyn", "nothing|ended 1|ended 1|ended 1|ended 1"),
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
        upload_id = await store.store.begin_upload(job_id, None)
        await store.store.enqueue(upload_id, 1, AudioInfo(), OPTIONS)
    first = await store.store.claim()
    assert first is not None
    assert (first.job_id, first.options) == ("c", OPTIONS)
    await store.store.release("c")
    assert [job.job_id for job in await store.store.waiting()] == ["c", "a", "b"]
    assert await store.store.count_waiting() == 3


async def test_crashes_are_counted_and_stops_are_not(store: Store) -> None:
    await store.bring_to("running")
    await store.store.release("a")
    await store.store.claim()
    (job,) = await store.store.recover()
    assert (job.attempt, job.crashes) == (3, 1)


async def test_an_upload_that_was_replaced_is_nobodys(store: Store) -> None:
    first = await store.store.begin_upload("a", None)
    second = await store.store.begin_upload("a", None)
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
