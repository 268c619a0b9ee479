"""What the outbox does when Convex refuses, is away, or is not Convex."""

import asyncio
import itertools
import json
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from support.logs import capture_logs
from support.outboxes import live, progress, quick, running_outbox, until
from support.scripted_server import (
    Answer,
    Close,
    Garbage,
    Received,
    Reply,
    Reset,
    ScriptedServer,
    accepted,
    refused,
)
from transcription_worker import (
    ConvexClient,
    Database,
    Outbox,
    OutboxStats,
    Status,
    UpdateOutcome,
)
from transcription_worker.outbox import dead_letter, inspect, settle
from transcription_worker.outbox.dead_letter import DeadLetter
from transcription_worker.outbox.requests import next_request


async def letters(database: Database) -> list[DeadLetter]:
    return await database.read(dead_letter.list_all)


async def until_stats(outbox: Outbox, holds: Callable[[OutboxStats], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds(await outbox.stats()):
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    "trouble",
    [Answer(500), Answer(503), Answer(429), Answer(408), Close(), Reset(), Garbage(),
     Answer(301, headers={"Location": "/x"}), Answer(404, b"No matching routes found"),
     Answer(200, b"<html>Wi-Fi</html>"), Answer(418), refused(503, "not_configured")],
    ids=lambda reply: str(getattr(reply, "status", type(reply).__name__)),
)  # fmt: skip
async def test_trouble_is_outlived_and_nothing_is_lost_or_reordered(
    server: ScriptedServer, client: ConvexClient, database: Database, trouble: Reply
) -> None:
    server.script = lambda _: trouble
    async with running_outbox(database, client) as outbox:
        await outbox.put({"job_id": "j", "status": "pending"})
        await until(lambda: len(server.received) >= 3)
        await outbox.put(progress("j", 10, segments=live(0)))
        await outbox.put({"job_id": "j", "status": "failed", "error": "x"})
        tried = {update["sequence"] for update in server.updates}
        assert tried == {1}
        assert (await outbox.stats()).dead == 0
        server.script = accepted
        assert await outbox.flush(30)
    taken = server.updates[-2:]
    assert [(update["status"], update["sequence"]) for update in taken] == [
        ("processing", 2),
        ("failed", 3),
    ]
    assert taken[0]["segments"] == live(0)


async def test_an_outage_is_outlived_and_everything_drains(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    await server.stop()
    async with running_outbox(database, client) as outbox:
        for job in range(50):
            await outbox.put({"job_id": f"j{job}", "status": "pending"})
        await until_stats(outbox, lambda stats: stats.blocked is not None)
        assert (await outbox.stats()).waiting == 50
        await server.start()
        assert await outbox.flush(60)
        assert (await outbox.stats()).blocked is None
    assert len(server.updates) == 50
    assert len(server.received) < 10  # one probe, then the rest in batches


async def test_a_wrong_key_pauses_everything_and_probes_with_another_job_each_time(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    server.script = lambda _: refused(401, "unauthorized")
    with capture_logs() as logs:
        async with running_outbox(database, client, quick(key_pauses=(0.05,))) as outbox:
            for job in "abcd":
                await outbox.put(progress(job, 1))
            await until(lambda: len(server.received) >= 8)
            probes = [update["jobId"] for update in server.updates[1:]]
            assert all(one != other for one, other in itertools.pairwise(probes))
            blocked = (await outbox.stats()).blocked
            assert "CONVEX_API_KEY" in str(blocked)
            assert server.most_under_way == 1
            server.script = accepted
            assert await outbox.flush(30)
    paused = [log for log in logs if log["event"] == "outbox_paused"]
    assert {log["log_level"] for log in paused} == {"error"}
    assert [log["event"] for log in logs].count("outbox_resumed") == 1


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        (refused(400, "invalid_payload", issues=[{"path": "stage", "message": "no"}]),
         "invalid_payload"),
        (refused(403, "user_mismatch"), "user_mismatch"),
    ],
)  # fmt: skip
async def test_what_is_refused_for_good_goes_to_the_dead_letter(
    server: ScriptedServer,
    client: ConvexClient,
    database: Database,
    tmp_path: Path,
    refusal: Reply,
    code: str,
) -> None:
    def script(request: Received) -> Reply:
        return refusal if request.json.get("stage") == "bad" else accepted(request)

    server.script = script
    async with running_outbox(database, client) as outbox:
        await outbox.put({"job_id": "j", "status": "pending"})
        await until(lambda: len(server.received) == 1)
        await outbox.put(progress("j", 10, stage="bad", segments=live(0, 2)))
        await until_stats(outbox, lambda stats: stats.dead == 1)
        await outbox.put({"job_id": "j", "status": "failed", "error": "x"})
        assert await outbox.flush(30)
        [letter] = await letters(database)
        assert (letter.job_id, letter.sequence, letter.code) == ("j", 2, code)
        assert letter.is_sendable
        # Its segments stayed sendable: the next update had them.
        assert server.updates[-1]["segments"] == live(0, 2)
        server.script = accepted
        # Another process, as the command line is one, sends it again.
        other = await Database.open(tmp_path / "worker.sqlite3", exclusive=False)
        assert await other.write(lambda connection: dead_letter.retry(connection, letter.id))
        await other.close()
        assert await outbox.flush(30)
    assert await letters(database) == []
    assert (server.updates[-1]["stage"], server.updates[-1]["sequence"]) == ("bad", 2)


async def test_a_poison_update_is_repaired_or_dead_lettered_and_never_blocks(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    with capture_logs() as logs:
        async with running_outbox(database, client) as outbox:
            assert await outbox.put({"job_id": "j", "status": "pending"}) == 1
            assert await outbox.put(progress("j", float("nan"), message="\ud800")) == 2
            assert await outbox.put(progress("j", 5, colour="red")) == 3
            assert await outbox.put({"status": 7, "secret": "the plan"}) == 1
            assert await outbox.put({"job_id": "j", "status": "completed"}) == 4
            assert await outbox.flush(30)
            stats = await outbox.stats()
    assert stats.repaired == {"number": 1, "text": 1}
    assert stats.dead == 2
    assert server.updates[-1]["status"] == "completed"
    assert [letter.is_sendable for letter in await letters(database)] == [False, False]
    assert "colour" in (await letters(database))[0].reason
    repairs = [(log["path"], log["kind"]) for log in logs if log["event"] == "update_repaired"]
    assert repairs == [("message", "text"), ("progress", "number")]
    assert "the plan" not in str(logs)


async def test_a_job_that_is_not_there_yet_is_waited_for(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    server.script = lambda _: refused(404, "job_not_found", {"Retry-After": "0"})
    async with running_outbox(database, client) as outbox:
        await outbox.put({"job_id": "j", "status": "pending"})
        await until(lambda: len(server.received) >= 3)
        server.script = accepted
        assert await outbox.flush(30)
        assert (await outbox.stats()).dead == 0


async def test_a_job_that_never_comes_ends_in_the_dead_letter(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    server.script = lambda _: refused(404, "job_not_found", {"Retry-After": "0"})
    async with running_outbox(database, client, quick(missing_for=0.1)) as outbox:
        await outbox.put({"job_id": "j", "status": "pending"})
        await outbox.put({"job_id": "j", "status": "failed", "error": "x"})
        await until_stats(outbox, lambda stats: stats.dead == 2)
    assert [letter.code for letter in await letters(database)] == ["job_not_found"] * 2


async def test_a_wrong_clock_costs_the_times_and_nothing_else(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    def script(request: Received) -> Reply:
        if "timestamps" in request.json:
            issue = {"path": "timestamps.startedAt", "message": "is more than a day ahead"}
            return refused(400, "invalid_payload", issues=[issue])
        return accepted(request)

    server.script = script
    async with running_outbox(database, client) as outbox:
        times = {"started_at": "2090-01-01T00:00:00Z"}
        await outbox.put({"job_id": "j", "status": "completed", "timestamps": times})
        assert await outbox.flush(30)
        assert (await outbox.stats()).dead == 0
    assert [update.get("timestamps") is None for update in server.updates] == [False, True]


async def test_no_log_holds_a_key_or_what_was_said(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    replies = iter([Answer(500), refused(400, "invalid_payload"), refused(401, "unauthorized")])
    server.script = lambda request: next(replies, None) or accepted(request)
    item = {"start": 0, "end": 1, "text": "the secret plan"}
    with capture_logs() as logs:
        async with running_outbox(database, client, quick()) as outbox:
            for number in range(4):
                await outbox.put({"job_id": f"j{number}", "status": "pending",
                                  "segments": {"offset": 0, "items": [item]}})  # fmt: skip
            assert await outbox.flush(30)
    assert len(logs) >= 4
    assert "secret" not in json.dumps(logs, default=str)


async def test_a_job_is_found_removed_also_where_news_comes_faster_than_answers(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    removed: list[str] = []
    async with running_outbox(database, client) as outbox:
        outbox.on_removed(removed.append)
        await outbox.put(progress("j", 1))
        await until(lambda: bool(server.received))

        async def missing_but_not_before_more_was_put(_: Received) -> Reply:
            await outbox.put(progress("j", 2))
            return refused(404, "job_not_found")

        server.script = missing_but_not_before_more_was_put
        await outbox.put(progress("j", 2))
        await until(lambda: removed == ["j"])


async def test_a_client_that_was_closed_is_told_of_and_not_asked_again_and_again(
    server: ScriptedServer, database: Database
) -> None:
    client = ConvexClient(server.url, "secret-key")
    await client.aclose()
    async with running_outbox(database, client, quick(first_pause=0.5, short_pause=5.0)) as outbox:
        await outbox.put(progress("a", 1))
        await outbox.put(progress("b", 1))
        await until_stats(outbox, lambda stats: stats.blocked is not None)
        stats = await outbox.stats()
    assert "closed" in (stats.blocked or "")
    assert stats.requests < 10


async def test_an_answer_that_cannot_be_stored_for_one_job_stops_no_other(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    huge = 2**64  # more than SQLite counts to
    server.script = lambda request: (
        refused(409, "segment_gap", expected=huge)
        if request.json["jobId"] == "odd"
        else accepted(request)
    )
    async with running_outbox(database, client) as outbox:
        await outbox.put(progress("odd", 1, segments=live(0)))
        await outbox.put(progress("even", 1, segments=live(0)))
        await until_stats(outbox, lambda stats: stats.accepted == 1 and stats.waiting == 1)
    sent = [update["jobId"] for update in server.updates]
    assert sent.count("even") == 1


async def test_the_work_of_a_lost_job_ends_also_where_the_file_is_locked(
    server: ScriptedServer, client: ConvexClient, database: Database, tmp_path: Path
) -> None:
    removed: list[str] = []
    other = sqlite3.connect(tmp_path / "worker.sqlite3")
    async with running_outbox(database, client) as outbox:
        outbox.on_removed(removed.append)
        await outbox.put(progress("j", 1))
        await until_stats(outbox, lambda stats: stats.accepted == 1)
        seconds = "trouble = 'missing', trouble_seconds = 1e9"

        def missing_and_locked(_: Received) -> Reply:
            other.execute(f"UPDATE outbox_updates SET {seconds}")
            other.commit()
            return refused(404, "job_not_found")

        server.script = missing_and_locked
        await outbox.put(progress("j", 2))
        await until(lambda: len(server.received) == 2)
        server.script = lambda _: (other.execute("BEGIN IMMEDIATE"), refused(404, "job_not_found"))[
            1
        ]
        await until(lambda: removed == ["j"])
        assert (await outbox.stats()).waiting == 1
        other.rollback()
        await until_stats(outbox, lambda stats: stats.waiting == 0)
    other.close()
    assert removed == ["j"]


async def test_an_answer_for_a_job_that_was_purged_meanwhile_changes_nothing(
    database: Database,
) -> None:
    outbox = await Outbox.open(database, None)
    await outbox.put(progress("j", 1, segments=live(0)))
    request = await database.write(lambda connection: next_request(connection, "j", 1 << 20))
    assert request is not None
    await database.write(lambda connection: inspect.purge_job(connection, "j"))
    duplicate = UpdateOutcome(
        outcome="duplicate",
        status=Status.PROCESSING,
        progress=1,
        attempt=1,
        sequence=request.sequence,
    )
    await database.write(partial(settle.accept, request=request, outcome=duplicate))
    await database.write(partial(settle.remove, request=request, reason="gone"))
    stats = await outbox.stats()
    assert (stats.waiting, stats.dead) == (0, 0)


async def test_a_dead_letter_is_sent_again_also_where_its_job_is_forgotten(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    server.script = lambda _: refused(403, "user_mismatch")
    async with running_outbox(database, client) as outbox:
        await outbox.put(progress("j", 1))
        await until_stats(outbox, lambda stats: stats.dead == 1)
    server.script = accepted

    def retry(connection: sqlite3.Connection) -> bool:
        connection.execute("DELETE FROM outbox_jobs")  # as a file of an older version may lack it
        return dead_letter.retry(connection, 1)

    assert await database.write(retry)
    async with running_outbox(database, client) as outbox:
        await until_stats(outbox, lambda stats: stats.waiting == 0)
        await outbox.put(progress("j", 2))
        await until_stats(outbox, lambda stats: stats.accepted == 2)
    assert [update["sequence"] for update in server.updates] == [1, 1, 2]


async def test_what_a_lost_job_still_says_is_sent_with_a_retry(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    async with running_outbox(database, client) as outbox:
        await outbox.put(progress("j", 1, segments=live(0, 2)))
        await until_stats(outbox, lambda stats: stats.accepted == 1)
        server.script = lambda _: refused(404, "job_not_found")
        await outbox.put(progress("j", 2, segments=live(2, 2)))
        await until_stats(outbox, lambda stats: stats.dead == 1)
        await outbox.put(progress("j", 3, segments=live(4, 2)))
        await outbox.put({"job_id": "j", "status": "completed", "segments": live(6, 2)})
        await until_stats(outbox, lambda stats: stats.dead == 2)
        server.received.clear()
        server.script = accepted
    for letter in await letters(database):
        await database.write(partial(dead_letter.retry, letter_id=letter.id))
    async with running_outbox(database, client) as outbox:
        await until_stats(outbox, lambda stats: stats.waiting == 0)
    sent = [update["segments"] for update in server.updates if "segments" in update]
    assert [item["start"] for piece in sent for item in piece["items"]] == [*range(8)]
    assert server.updates[-1]["status"] == "completed"


async def test_a_transcript_that_is_sent_again_too_late_stays_in_the_dead_letter(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    server.script = lambda request: (
        refused(403, "user_mismatch")
        if request.json["status"] == "completed"
        else accepted(request)
    )
    end = {"job_id": "j", "status": "completed", "result": {"text": "Good morning."}}
    async with running_outbox(database, client) as outbox:
        await outbox.put(end)
        await until_stats(outbox, lambda stats: stats.dead == 1 and stats.waiting == 0)
    server.script = lambda request: accepted(request, outcome="ignored", status="failed")
    await database.write(partial(dead_letter.retry, letter_id=1))
    async with running_outbox(database, client) as outbox:
        await until_stats(outbox, lambda stats: stats.waiting == 0)
    (letter,) = await letters(database)
    assert (letter.code, letter.is_sendable) == ("job_ended", True)
