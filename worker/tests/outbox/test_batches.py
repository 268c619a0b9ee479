"""Many updates in one request: what goes together, and what becomes of each."""

import asyncio
import sqlite3
from typing import Any

import pytest

from support.outboxes import progress, quick, running_outbox, until
from support.scripted_server import (
    BATCH_PATH,
    Answer,
    Received,
    Reply,
    ScriptedServer,
    accepted,
    refused,
)
from transcription_worker import ConvexClient, Database, Outbox
from transcription_worker.outbox import PutResult, dead_letter
from transcription_worker.outbox.dead_letter import DeadLetter

INVALID = refused(400, "invalid_payload", issues=[{"path": "stage", "message": "no"}])


async def letters(database: Database) -> list[DeadLetter]:
    return await database.read(dead_letter.list_all)


async def test_what_is_due_together_goes_out_as_one_request(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    outbox = await Outbox.open(database, client, quick())
    for number in range(250):
        await outbox.put({"job_id": f"j{number}", "status": "pending"})
    outbox.start()
    assert await outbox.flush(30)
    await outbox.stop()
    assert [len(request.each) for request in server.received] == [100, 100, 50]
    assert {request.path for request in server.received} == {BATCH_PATH}


@pytest.mark.parametrize("status", [413, 500, 503])
async def test_a_batch_that_fails_is_halved_until_the_culprit_is_alone(
    server: ScriptedServer, client: ConvexClient, database: Database, status: int
) -> None:
    code = {413: "payload_too_large", 500: "internal_error", 503: "unavailable"}[status]

    def script(request: Received) -> Reply:
        return refused(status, code) if request.json["jobId"] == "j7" else accepted(request)

    server.script = script
    outbox = await Outbox.open(database, client, quick())
    for number in range(16):
        await outbox.put({"job_id": f"j{number}", "status": "pending"})
    outbox.start()
    good = {f"j{number}" for number in range(16)} - {"j7"}
    await until(
        lambda: good <= {u["jobId"] for r in server.received if not _holds_bad(r) for u in _of(r)}
    )
    server.script = accepted
    assert await outbox.flush(30)
    await outbox.stop()
    dead = [letter.job_id for letter in await letters(database)]
    assert dead in ([], ["j7"]) if status == 413 else dead == []


def _of(request: Received) -> list[dict[str, Any]]:
    return [one.json for one in (request.each if request.path == BATCH_PATH else [request])]


def _holds_bad(request: Received) -> bool:
    return any(update["jobId"] == "j7" for update in _of(request))


@pytest.mark.parametrize("status", [404, 405])
async def test_a_deployment_without_batches_gets_single_requests(
    server: ScriptedServer, client: ConvexClient, database: Database, status: int
) -> None:
    server.scripts_batches = True
    server.script = lambda request: (
        Answer(status, b"No matching routes found")
        if request.path == BATCH_PATH
        else accepted(request)
    )
    outbox = await Outbox.open(database, client, quick())
    for number in range(20):
        await outbox.put({"job_id": f"j{number}", "status": "pending"})
    outbox.start()
    assert await outbox.flush(30)
    await outbox.stop()
    assert [request.path for request in server.received].count(BATCH_PATH) == 1
    assert len(server.received) == 21


async def test_the_entries_of_a_batch_are_judged_one_by_one(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    replies = {
        "gone": refused(404, "job_not_found"),
        "bad": INVALID,
        "other": refused(403, "user_mismatch"),
    }
    server.script = lambda request: replies.get(request.json["jobId"]) or accepted(request)
    outbox = await Outbox.open(database, client, quick(missing_for=0.1))
    for job in ("a", "gone", "bad", "b", "other"):
        await outbox.put(progress(job, 1))
    outbox.start()
    assert await outbox.flush(30)
    await outbox.stop()
    assert server.received[0].path == BATCH_PATH
    assert sorted((letter.job_id, letter.code) for letter in await letters(database)) == [
        ("bad", "invalid_payload"),
        ("gone", "job_not_found"),
        ("other", "user_mismatch"),
    ]


@pytest.mark.slow
async def test_a_hundred_waiting_jobs_cost_what_one_costs_whenever_each_came(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    """Six rounds of signs of life, a minute's; each job has a moment of its own for the next."""

    def put_all(connection: sqlite3.Connection) -> list[PutResult]:
        signs = [{"job_id": f"j{n}", "status": "pending", "message": "x"} for n in range(100)]
        return [outbox.put_within(connection, sign) for sign in signs]

    def tell(results: list[PutResult]) -> None:
        for result in results:
            outbox.was_put(result)

    settings = quick(sign_of_life_interval=1.0, batch_window=0.05)
    async with running_outbox(database, client, settings) as outbox:
        for number in range(100):
            await outbox.put({"job_id": f"j{number}", "status": "pending"})
            await asyncio.sleep(0.01)
        await until(lambda: len(server.updates) == 100)
        server.received.clear()
        for _ in range(6):
            await database.write(put_all, after_commit=tell)
            await asyncio.sleep(1.0)
        assert await outbox.flush(30)
    assert len(server.received) <= 12
    assert len(server.updates) >= 100
