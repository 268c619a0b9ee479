"""What the outbox sends, when, and in which order."""

import asyncio
import itertools
import sqlite3
from functools import partial

import pytest

from support.outboxes import QUICK, live, progress, quick, running_outbox, segment, until
from support.scripted_server import (
    Answer,
    Hang,
    Received,
    Reply,
    ScriptedServer,
    accepted,
    refused,
)
from transcription_worker import ConvexClient, Database, JobUpdate, Outbox, Status, UpdateOutcome
from transcription_worker.outbox import PutResult
from transcription_worker.outbox.requests import Request, next_request


async def test_put_returns_before_anything_is_sent(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    server.script = lambda _: Hang()
    async with running_outbox(database, client, quick(stop_grace=0.01)) as outbox:
        for number in range(1, 6):
            assert await outbox.put(progress("j", number)) == number
        assert await outbox.flush(0.05) is False


async def test_numbers_go_on_after_a_restart_and_begin_anew_with_an_attempt(
    database: Database, client: ConvexClient
) -> None:
    for expected in (1, 2):
        outbox = await Outbox.open(database, client)
        assert await outbox.put(JobUpdate(job_id="j", status=Status.PENDING)) == expected
    assert await outbox.put(progress("j", 1, attempt=2)) == 1
    assert await outbox.put(progress("other", 1)) == 1
    assert await outbox.put(progress("j", 1, sequence=99)) == 3


async def test_a_jobs_updates_arrive_in_order_one_at_a_time(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    at_once: dict[str, int] = {}

    async def slowly(request: Received) -> Reply:
        job = request.json["jobId"]
        at_once[job] = at_once.get(job, 0) + 1
        assert at_once[job] == 1
        await asyncio.sleep(0.02)
        at_once[job] -= 1
        return accepted(request)

    server.script = slowly
    async with running_outbox(database, client) as outbox:
        for number in range(30):
            for job in ("a", "b"):
                await outbox.put(progress(job, number, segments=live(number)))
        for job in ("a", "b"):
            await outbox.put({"job_id": job, "status": "completed"})
        assert await outbox.flush(30)
    for job in ("a", "b"):
        updates = [update for update in server.updates if update["jobId"] == job]
        numbers = [update["sequence"] for update in updates]
        assert numbers == sorted(set(numbers))
        assert updates[-1]["status"] == "completed"
        items = [
            item["text"]
            for update in updates
            for item in update.get("segments", {}).get("items", [])
        ]
        assert items == [f"s{number}" for number in range(30)]


async def test_progress_that_waits_is_replaced_and_its_segments_are_kept(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    outbox = await Outbox.open(database, client, QUICK)
    await outbox.put({"job_id": "j", "status": "pending"})
    await outbox.put({"job_id": "j", "status": "processing", "audio_info": {"duration": 9}})
    for number in range(100):
        await outbox.put(progress("j", number, segments=live(number), message=f"at {number}"))
    assert (await outbox.stats()).waiting == 3
    outbox.start()
    assert await outbox.flush(30)
    await outbox.stop()
    assert [(update["status"], update["sequence"]) for update in server.updates] == [
        ("pending", 1),
        ("processing", 2),
        ("processing", 102),
    ]
    last = server.updates[2]
    assert (last["progress"], last["message"]) == (99, "at 99")
    assert last["segments"] == live(0, 100)
    stats = await outbox.stats()
    assert (stats.waiting, stats.accepted, stats.merged) == (0, 3, 99)


async def test_status_changes_and_results_are_never_merged_away(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    outbox = await Outbox.open(database, client, QUICK)
    for status in ("pending", "pending", "processing", "processing"):
        await outbox.put({"job_id": "j", "status": status})
    await outbox.put({"job_id": "j", "status": "completed", "result": {"text": "all"}})
    outbox.start()
    assert await outbox.flush(30)
    await outbox.stop()
    # The second `pending` is carried by the first `processing`, as is the second of these on.
    assert [update["status"] for update in server.updates] == ["pending", "processing", "completed"]
    assert server.updates[-1]["result"] == {"text": "all"}


async def test_the_pace(server: ScriptedServer, client: ConvexClient, database: Database) -> None:
    settings = quick(progress_interval=0.2, progress_step=2, sign_of_life_interval=0.6)
    async with running_outbox(database, client, settings) as outbox:
        await outbox.put({"job_id": "j", "status": "processing", "progress": 0})
        await until(lambda: len(server.received) == 1)
        for percent in range(1, 5):
            await outbox.put(progress("j", percent))
        await until(lambda: len(server.received) == 2)
        await outbox.put(progress("j", 4.5))
        await until(lambda: len(server.received) == 3)
        await outbox.put({"job_id": "j", "status": "cancelled"})
        await until(lambda: len(server.received) == 4)
    assert [update["progress"] for update in server.updates[:3]] == [0, 4, 4.5]
    times = [request.at for request in server.received]
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert gaps[0] >= 0.15
    assert gaps[1] >= 0.5


async def test_flush_does_not_keep_the_pace(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    settings = quick(progress_interval=3600, sign_of_life_interval=3600)
    async with running_outbox(database, client, settings) as outbox:
        await outbox.put(progress("j", 1))
        await until(lambda: len(server.received) == 1)
        await outbox.put(progress("j", 50))
        assert await outbox.flush(30)
    assert len(server.received) == 2


async def test_eight_jobs_at_once_and_no_more(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    gate = asyncio.Event()

    async def wait(request: Received) -> Reply:
        await gate.wait()
        return accepted(request)

    server.script = wait
    async with running_outbox(database, client, quick(batch_updates=1)) as outbox:
        for number in range(20):
            await outbox.put(progress(f"job-{number}", 1))
        await until(lambda: server.under_way == 8)
        await asyncio.sleep(0.1)
        assert server.under_way == 8
        gate.set()
        assert await outbox.flush(30)
    assert server.most_under_way == 8
    assert len(server.received) == 20


@pytest.mark.parametrize(
    "trouble", [Answer(500), Hang(), refused(429, "slow", {"Retry-After": "3600"})]
)
async def test_failing_jobs_never_hold_up_another(
    server: ScriptedServer, database: Database, trouble: Reply
) -> None:
    server.script = lambda request: (
        trouble if request.json["jobId"].startswith("bad") else accepted(request)
    )
    async with (
        ConvexClient(server.url, "k", timeout=0.5) as client,
        running_outbox(database, client, quick(stop_grace=0.01)) as outbox,
    ):
        for number in range(30):
            await outbox.put(progress(f"bad-{number}", 1))
        await until(lambda: len(server.received) >= 8)
        for number in range(20):
            await outbox.put(progress(f"good-{number}", 1))
        await until(lambda: sum("good" in update["jobId"] for update in server.updates) == 20)


async def test_where_everything_fails_one_probe_at_a_time_is_sent(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    server.script = lambda _: Answer(500, delay=0.05)
    async with running_outbox(database, client) as outbox:
        for number in range(20):
            await outbox.put(progress(f"bad-{number}", 1))
        await until(lambda: server.under_way == 0 and len(server.received) > 1)
        server.most_under_way = 0
        so_far = len(server.received)
        await until(lambda: len(server.received) >= so_far + 20)
        assert server.most_under_way == 1
        probed = {update["jobId"] for update in server.updates[so_far:]}
        assert len(probed) > 10


async def test_a_put_within_a_write_is_part_of_it(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    async with running_outbox(database, client) as outbox:

        def fails(connection: sqlite3.Connection) -> PutResult:
            end = {"job_id": "j", "status": "completed", "progress": float("nan")}
            assert outbox.put_within(connection, end).sequence == 1
            raise RuntimeError

        with pytest.raises(RuntimeError):
            await database.write(fails, after_commit=outbox.was_put)
        assert (await outbox.stats()).repaired == {}  # what came to nothing is not counted
        assert server.received == []
        end = {"job_id": "j", "status": "failed", "error": "x"}
        put = await database.write(
            lambda connection: outbox.put_within(connection, end), after_commit=outbox.was_put
        )
        assert put.sequence == 1
        assert await outbox.flush(30)
    assert [update["status"] for update in server.updates] == ["failed"]


async def test_listeners_hear_every_outcome_and_their_faults_stop_nothing(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    server.script = lambda request: accepted(request, outcome="ignored", status="cancelled")
    heard: list[tuple[str, UpdateOutcome]] = []

    def fails(job_id: str, outcome: UpdateOutcome) -> None:
        raise RuntimeError(job_id)

    async with running_outbox(database, client) as outbox:
        outbox.on_outcome(fails)
        outbox.on_outcome(lambda job_id, outcome: heard.append((job_id, outcome)))
        await outbox.put(progress("a", 1))
        await outbox.put(progress("b", 1))
        assert await outbox.flush(30)
        await until(lambda: len(heard) == 2)
    assert sorted(job_id for job_id, _ in heard) == ["a", "b"]
    assert {(one.outcome, one.status) for _, one in heard} == {("ignored", "cancelled")}


async def test_with_sending_off_updates_wait(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    outbox = await Outbox.open(database, None)
    outbox.start()
    await outbox.put(progress("j", 1))
    assert await outbox.flush(0.01) is False
    assert (await outbox.stats()).blocked == "sending is turned off"
    await outbox.stop()
    await outbox.run()
    async with running_outbox(database, client) as later:
        assert await later.flush(30)
    assert len(server.received) == 1


@pytest.mark.slow
async def test_ten_thousand_puts(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    async def report(job: int) -> None:
        for number in range(100):
            await outbox.put(progress(f"job-{job}", number, segments=live(number)))
        result = {"text": "t", "segments": [segment(0)]}
        await outbox.put({"job_id": f"job-{job}", "status": "completed", "result": result})

    async with running_outbox(database, client) as outbox:
        await asyncio.gather(*(report(job) for job in range(100)))
        assert await outbox.flush(120)
        stats = await outbox.stats()
    assert (stats.waiting, stats.dead) == (0, 0)
    ends = [update for update in server.updates if update["status"] == "completed"]
    assert len({update["jobId"] for update in ends}) == len(ends) == 100
    numbers = [(update["jobId"], update["sequence"]) for update in server.updates]
    assert len(set(numbers)) == len(numbers)
    assert await database.fetch_all("SELECT 1 FROM outbox_segments") == []


async def test_the_pieces_of_one_progress_update_do_not_wait_for_each_other(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    paced = quick(progress_step=2.0, sign_of_life_interval=1000.0, request_bytes=4096)
    async with running_outbox(database, client, paced) as outbox:
        await outbox.put(progress("j", 1))
        await until(lambda: len(server.updates) == 1)
        await outbox.put(progress("j", 10, segments=live(0, 300)))
        await until(lambda: server.updates[-1].get("progress") == 10)
    pieces = [update["segments"]["items"] for update in server.updates[1:]]
    assert len(pieces) > 2
    assert sum(map(len, pieces)) == 300


async def test_no_sign_of_life_goes_out_twice(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    outbox = await Outbox.open(database, client, QUICK)
    for job_id in "abc":
        for status in ("pending", "pending"):
            await outbox.put({"job_id": job_id, "status": status})
    outbox.start()
    for _ in range(3):
        assert await outbox.flush(30)
        for job_id in "abc":
            await outbox.put({"job_id": job_id, "status": "pending"})
    await outbox.stop()
    sent = [(update["jobId"], update["sequence"]) for update in server.updates]
    assert len(sent) == len(set(sent))


async def test_a_backlog_of_large_updates_is_not_made_again_for_every_request(
    server: ScriptedServer,
    client: ConvexClient,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[str] = []

    def counted(connection: sqlite3.Connection, job_id: str, size: int) -> Request | None:
        made.append(job_id)
        return next_request(connection, job_id, size)

    monkeypatch.setattr("transcription_worker.outbox.sender.next_request", counted)
    small = quick(request_bytes=20_000, requests_at_once=1)
    outbox = await Outbox.open(database, client, small)
    for number in range(20):
        items = [segment(place, "x" * 1000) for place in range(60)]
        await outbox.put(progress(f"j{number}", 1, segments={"offset": 0, "items": items}))
    outbox.start()
    assert await outbox.flush(60)
    await outbox.stop()
    assert len({update["jobId"] for update in server.updates}) == 20
    assert len(made) < 4 * len(server.received)


def _execute(connection: sqlite3.Connection, sql: str) -> None:
    connection.execute(sql)


async def test_a_request_reads_no_more_segments_than_it_takes(database: Database) -> None:
    outbox = await Outbox.open(database, None)
    for start in range(0, 2000, 500):
        await outbox.put(progress("j", 1, segments=live(start, 500)))
    await database.write(
        lambda connection: connection.execute("DELETE FROM outbox_updates WHERE is_progress = 0")
    )
    read: list[int] = []

    def counted(connection: sqlite3.Connection) -> Request | None:
        # Calls back now and then while SQLite works.
        connection.set_progress_handler(lambda: read.append(1), 10)
        try:
            return next_request(connection, "j", 1000)
        finally:
            connection.set_progress_handler(None, 0)

    steps = []
    for confirmed in (0, 1900):
        read.clear()
        sql = f"UPDATE outbox_jobs SET confirmed = {confirmed}"
        await database.write(partial(_execute, sql=sql))
        request = await database.write(counted)
        assert request is not None
        assert request.is_piece
        steps.append(len(read))
    assert steps[0] < 2 * steps[1]
