"""Every answer that a server, a proxy or the platform may give, and what becomes of whole jobs."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from support.logs import capture_logs
from support.outboxes import live, progress, quick, running_outbox, segment, until
from support.scripted_server import (
    Answer,
    Close,
    Received,
    Reply,
    ScriptedServer,
    accepted,
    refused,
)
from transcription_worker import ConvexClient, Database, Outbox
from transcription_worker.outbox import dead_letter
from transcription_worker.outbox.dead_letter import DeadLetter

WAF = Answer(403, b"<html>Request blocked.\n Reference #18.2d</html>")
INVALID = refused(400, "invalid_payload", issues=[{"path": "stage", "message": "no"}])


async def letters(database: Database) -> list[DeadLetter]:
    return await database.read(dead_letter.list_all)


async def until_dead(database: Database, number: int) -> None:
    async with asyncio.timeout(30):
        while len(await letters(database)) < number:
            await asyncio.sleep(0.01)


def taken(server: ScriptedServer, job_id: str) -> list[dict[str, Any]]:
    """The updates of a job that a server which accepts everything from now on was sent."""
    return [update for update in server.updates if update["jobId"] == job_id]


def transcript(updates: list[dict[str, Any]]) -> list[str]:
    """The live segments as Convex would keep them: what overlaps is skipped, no gap is taken."""
    texts: list[str] = []
    for update in updates:
        part = update.get("segments", {"offset": 0, "items": []})
        assert part["offset"] <= len(texts)
        texts += [item["text"] for item in part["items"]][len(texts) - part["offset"] :]
    return texts


async def put_job(outbox: Outbox, job_id: str, segments: int = 3) -> None:
    await outbox.put({"job_id": job_id, "status": "pending"})
    for number in range(segments):
        await outbox.put(progress(job_id, number, segments=live(number)))
    await outbox.put({"job_id": job_id, "status": "completed", "result": {"language": "en"}})


@pytest.mark.parametrize(
    "trouble",
    [WAF, Answer(400, b"<h1>Bad Request</h1>"), Answer(401, b"Authorization Required"),
     Answer(404, b"No matching routes found"), Answer(405), Answer(415), Answer(418),
     Answer(200, b"<html>Wi-Fi</html>"), Answer(200, {"ok": True}), Answer(204),
     Answer(200, {"ok": False, "error": {"code": "made_up"}}), Answer(302),
     Answer(400, {"code": "BadRequest", "message": "platform"}),
     Answer(408), Answer(425), Answer(429), Answer(500), Answer(502, b"Bad Gateway"),
     Answer(503, {"code": "Overloaded", "message": "try later"}), Answer(507), Answer(529),
     refused(503, "not_configured"), refused(503, "unavailable"), refused(500, "internal_error"),
     refused(401, "unauthorized"), refused(404, "job_not_found"), Close()],
    ids=lambda reply: f"{getattr(reply, 'status', type(reply).__name__)}",
)  # fmt: skip
async def test_no_answer_that_says_nothing_of_an_update_loses_it(
    server: ScriptedServer, client: ConvexClient, database: Database, trouble: Reply
) -> None:
    """A firewall's 403, a proxy's 400, a paused deployment: all is there once it is over."""
    server.script = lambda _: trouble
    async with running_outbox(database, client) as outbox:
        await put_job(outbox, "j")
        await until(lambda: len(server.received) >= 3)
        assert (await outbox.stats()).blocked is not None or _is_ours(trouble)
        assert await letters(database) == []
        server.received.clear()
        server.script = accepted
        assert await outbox.flush(30)
    assert await letters(database) == []
    assert [update["status"] for update in taken(server, "j")][-1] == "completed"
    assert transcript(taken(server, "j")) == ["s0", "s1", "s2"]


def _is_ours(reply: Reply) -> bool:
    """It says something of this job alone."""
    return isinstance(reply, Answer) and reply.status in (404, 500) and reply.body != b""


async def test_an_answer_for_another_job_is_no_acceptance(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    server.script = lambda request: accepted(request, jobId="other")
    async with running_outbox(database, client) as outbox:
        await outbox.put(progress("j", 1))
        await until(lambda: len(server.received) >= 3)
        server.script = accepted
        assert await outbox.flush(30)


async def test_a_foreign_page_is_quoted_once_and_the_setting_is_named(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    server.script = lambda _: WAF
    with capture_logs() as logs:
        async with running_outbox(database, client) as outbox:
            await outbox.put(progress("j", 1))
            await until(lambda: len(server.received) >= 5)
            blocked = (await outbox.stats()).blocked
    [told] = [log for log in logs if log["event"] == "foreign_answer"]
    assert "Request blocked. Reference #18.2d" in told["error"]
    assert "CONVEX_SITE_URL" in told["error"]
    assert told["error"] == blocked


async def test_what_a_firewall_refuses_alone_is_given_up_after_a_day_and_holds_up_nobody(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    def script(request: Received) -> Reply:
        return WAF if request.json["jobId"] == "bad" else accepted(request)

    server.script = script
    settings = quick(foreign_for=1.0, batch_updates=1)
    async with running_outbox(database, client, settings) as outbox:
        await outbox.put(progress("bad", 1))
        for number in range(20):
            await outbox.put(progress("good", number))
            await until(lambda: taken(server, "good")[-1:] != [])
        await until_dead(database, 1)
        [letter] = await letters(database)
    assert (letter.job_id, letter.code) == ("bad", "http_403")


async def test_a_refused_end_is_followed_by_one_that_every_page_understands(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    def script(request: Received) -> Reply:
        return INVALID if "result" in request.json else accepted(request)

    server.script = script
    async with running_outbox(database, client) as outbox:
        await put_job(outbox, "j")
        assert await outbox.flush(30)
    [letter] = await letters(database)
    assert (letter.status, letter.code) == ("completed", "invalid_payload")
    last = taken(server, "j")[-1]
    assert (last["status"], last["errorCode"]) == ("failed", "not_delivered")
    assert "could not be delivered" in last["error"]
    assert last["sequence"] > (letter.sequence or 0)


async def test_the_substitute_is_refused_without_another_one(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    server.script = lambda _: INVALID
    async with running_outbox(database, client) as outbox:
        await outbox.put({"job_id": "j", "status": "failed", "error": "x"})
        assert await outbox.flush(30)
    assert [letter.status for letter in await letters(database)] == ["failed", "failed"]


async def test_keys_that_an_older_deployment_does_not_know_are_left_out(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    def script(request: Received) -> Reply:
        if "errorCode" in request.json:
            issue = {"path": "", "message": 'Unrecognized key: "errorCode"'}
            return refused(400, "invalid_payload", issues=[issue])
        return accepted(request)

    server.script = script
    end = {"job_id": "j", "status": "failed", "error": "x", "error_code": "broken_audio"}
    async with running_outbox(database, client) as outbox:
        await outbox.put(end)
        assert await outbox.flush(30)
    assert await letters(database) == []
    assert taken(server, "j")[-1]["error"] == "x"


def takes(most: int) -> Callable[[Received], Reply]:
    """A proxy that takes bodies of at most so many bytes."""

    def script(request: Received) -> Reply:
        if len(request.body) > most:
            return Answer(413, b"<h1>Request Entity Too Large</h1>")
        return accepted(request)

    return script


async def test_a_proxy_that_takes_less_gets_smaller_requests(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    server.script = takes(20_000)
    segments = [segment(number, f"{number:04} " + "x" * 1_000) for number in range(100)]
    async with running_outbox(database, client) as outbox:
        for start in range(0, 100, 50):
            items = segments[start : start + 50]
            await outbox.put(progress("live", 1, segments={"offset": start, "items": items}))
        await outbox.put({"job_id": "live", "status": "completed"})
        result = {"segments": segments, "text": "all of it " * 10_000}
        await outbox.put({"job_id": "whole", "status": "completed", "result": result})
        assert await outbox.flush(30)
    assert await letters(database) == []
    for job in ("live", "whole"):
        updates = [u for u in taken(server, job) if len(str(u)) <= 20_000]
        assert transcript(updates) == [one["text"] for one in segments]
        assert updates[-1]["status"] == "completed"


async def test_a_segment_that_is_too_large_goes_to_the_dead_letter_and_the_job_ends(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    server.script = takes(20_000)
    async with running_outbox(database, client) as outbox:
        texts = ["first", "y" * 30_000, "third"]
        for number, text in enumerate(texts):
            items = [segment(number, text)]
            await outbox.put(progress("j", number, segments={"offset": number, "items": items}))
        await outbox.put({"job_id": "j", "status": "completed"})
        assert await outbox.flush(30)
    [letter] = await letters(database)
    assert (letter.code, letter.is_sendable) == ("payload_too_large", False)
    updates = [u for u in taken(server, "j") if len(str(u)) <= 20_000]
    assert transcript(updates) == ["first"]
    assert updates[-1]["status"] == "completed"


async def test_a_defect_of_the_endpoint_costs_ten_tries_and_no_other_job(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    def script(request: Received) -> Reply:
        if request.json["jobId"] == "bad":
            return refused(500, "internal_error")
        return accepted(request)

    server.script = script
    async with running_outbox(database, client, quick(internal_for=0.0)) as outbox:
        for job in ("bad", *(f"good-{number}" for number in range(10))):
            await put_job(outbox, job, segments=1)
        await until_dead(database, 1)
        await until(lambda: all(_ended(server, f"good-{number}") for number in range(10)))
        server.script = accepted
        assert await outbox.flush(30)
    assert {letter.code for letter in await letters(database)} == {"internal_error"}


def _ended(server: ScriptedServer, job_id: str) -> bool:
    return any(update["status"] == "completed" for update in taken(server, job_id))


async def test_one_stray_404_ends_nothing(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    removed: list[str] = []
    async with running_outbox(database, client, quick(removed_after=60)) as outbox:
        outbox.on_removed(removed.append)
        await outbox.put(progress("j", 1, segments=live(0)))
        assert await outbox.flush(30)
        stray = iter([refused(404, "job_not_found")] * 3)
        server.script = lambda request: next(stray, None) or accepted(request)
        await outbox.put(progress("j", 2, segments=live(1)))
        await outbox.put({"job_id": "j", "status": "completed"})
        assert await outbox.flush(30)
    assert removed == []
    assert await letters(database) == []
    assert transcript(taken(server, "j")) == ["s0", "s1"]


async def test_a_job_that_convex_has_lost_can_be_rebuilt(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    """A restore from a backup, or another deployment behind the same key."""
    removed: list[str] = []
    async with running_outbox(database, client) as outbox:
        outbox.on_removed(removed.append)
        await outbox.put({"job_id": "j", "status": "pending"})
        for number in range(3):
            await outbox.put(progress("j", number, segments=live(number)))
            assert await outbox.flush(30)
        server.script = lambda _: refused(404, "job_not_found")
        await outbox.put(progress("j", 50, segments=live(3)))
        await until(lambda: removed == ["j"])
        assert await outbox.flush(30)
        # Its work comes to an end meanwhile: a cancellation is nothing to keep.
        await outbox.put({"job_id": "j", "status": "cancelled"})
        assert await outbox.flush(30)
        [letter] = await letters(database)
        assert (letter.code, letter.is_sendable) == ("job_removed", True)
        server.received.clear()
        server.script = accepted
        assert await database.write(lambda connection: dead_letter.retry(connection, letter.id))
    async with running_outbox(database, client) as outbox:
        assert await outbox.flush(30)
    assert transcript(taken(server, "j")) == ["s0", "s1", "s2", "s3"]
    assert await letters(database) == []


async def test_the_end_of_a_job_that_convex_has_lost_is_kept(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    async with running_outbox(database, client) as outbox:
        await outbox.put(progress("j", 1, segments=live(0)))
        assert await outbox.flush(30)
        server.script = lambda _: refused(404, "job_not_found")
        await outbox.put({"job_id": "j", "status": "completed", "result": {"text": "s0"}})
        await until_dead(database, 1)
        assert await outbox.flush(30)
        [letter] = await letters(database)
        assert (letter.status, letter.code) == ("completed", "job_removed")
        server.received.clear()
        server.script = accepted
        assert await database.write(lambda connection: dead_letter.retry(connection, letter.id))
    async with running_outbox(database, client) as outbox:
        assert await outbox.flush(30)
    [end] = taken(server, "j")
    assert (end["status"], end["result"]["text"]) == ("completed", "s0")
    assert end["segments"] == live(0)


async def test_segments_that_are_not_held_any_more_cost_the_rest_and_not_the_end(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    def script(request: Received) -> Reply:
        if request.json.get("segments", {"offset": 0})["offset"] > 0:
            return refused(409, "segment_gap", expected=0)
        return accepted(request)

    async with running_outbox(database, client) as outbox:
        await outbox.put(progress("j", 1, segments=live(0, 2)))
        assert await outbox.flush(30)
        await database.write(
            lambda c: c.execute("DELETE FROM outbox_segments WHERE position = 0").rowcount
        )
        server.script = script
        await outbox.put(progress("j", 2, segments=live(2)))
        await outbox.put({"job_id": "j", "status": "completed"})
        assert await outbox.flush(30)
    assert [letter.code for letter in await letters(database)] == ["segment_gap"]
    assert taken(server, "j")[-1]["status"] == "completed"
