"""`transcription-worker outbox`: shows and repairs what is stuck, also while the worker runs."""

import asyncio
import json
from pathlib import Path

import pytest

from support.outboxes import live, progress, quick, running_outbox, until
from support.scripted_server import ScriptedServer, accepted, refused
from transcription_worker import ConvexClient, Database, Outbox
from transcription_worker.cli import main


async def run(tmp_path: Path, *arguments: str) -> int:
    return await asyncio.to_thread(main, ["outbox", "--data-dir", str(tmp_path), *arguments])


async def fill(database: Database, client: ConvexClient, server: ScriptedServer) -> None:
    """Two dead letters, one of which can be sent, and one update that waits."""
    server.script = lambda _: refused(400, "invalid_payload")
    async with running_outbox(database, client) as outbox:
        await outbox.put({"job_id": "refused", "status": "pending", "segments": live(0)})
        assert await outbox.flush(30)
        await outbox.put({"job_id": "poison", "status": "pending", "colour": "the secret plan"})
    outbox = await Outbox.open(database, None)
    await outbox.put(progress("waits", 5, message="the secret plan"))


async def test_list_shows_what_is_stuck_and_why_but_no_text(
    server: ScriptedServer,
    client: ConvexClient,
    database: Database,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await fill(database, client, server)
    capsys.readouterr()
    assert await run(tmp_path, "list") == 0
    shown = capsys.readouterr().out
    assert "1 waiting" in shown
    assert "waits  processing  #1 of attempt 1" in shown
    assert "2 refused" in shown
    assert "refused  pending  invalid_payload: it is invalid_payload" in shown
    assert "colour" in shown
    assert "(cannot be retried)" in shown
    assert "secret" not in shown

    assert await run(tmp_path, "list", "--json") == 0
    listing = json.loads(capsys.readouterr().out)
    assert [update["job_id"] for update in listing["waiting"]] == ["waits"]
    assert [letter["is_sendable"] for letter in listing["dead"]] == [True, False]


async def test_retry_reaches_the_worker_that_runs(
    server: ScriptedServer,
    client: ConvexClient,
    database: Database,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await fill(database, client, server)
    server.script = accepted
    async with running_outbox(database, client, quick()) as outbox:
        assert await outbox.flush(30)
        before = len(server.received)
        # The poison one cannot be sent again, and the status says that not all were.
        assert await run(tmp_path, "retry", "--all") == 1
        await until(lambda: len(server.received) == before + 1)
        assert await outbox.flush(30)
        assert (await outbox.stats()).dead == 1
    assert server.updates[-1]["jobId"] == "refused"
    assert server.updates[-1]["segments"] == live(0)
    shown = capsys.readouterr().out
    assert "[1] will be sent again" in shown
    assert "[2] is not there, or cannot be retried" in shown


async def test_retry_begins_the_patience_with_a_missing_job_anew(
    server: ScriptedServer, client: ConvexClient, database: Database, tmp_path: Path
) -> None:
    server.script = lambda _: refused(404, "job_not_found", {"Retry-After": "0"})
    async with running_outbox(database, client, quick(missing_for=0.3)) as outbox:
        await outbox.put({"job_id": "j", "status": "pending"})
        while (await outbox.stats()).dead == 0:
            await asyncio.sleep(0.02)
        assert await run(tmp_path, "retry", "1") == 0
        before = len(server.received)
        await until(lambda: len(server.received) >= before + 2)
        server.script = accepted
        assert await outbox.flush(30)


async def test_purge_deletes_letters_or_a_whole_job(
    server: ScriptedServer,
    client: ConvexClient,
    database: Database,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await fill(database, client, server)
    outbox = await Outbox.open(database, None)
    assert await run(tmp_path, "purge", "2") == 0
    assert (await outbox.stats()).dead == 1
    assert await run(tmp_path, "purge", "2", "99") == 1
    assert await run(tmp_path, "purge", "--job", "waits") == 0
    assert "1 updates of waits deleted" in capsys.readouterr().out
    assert await run(tmp_path, "purge", "--job", "waits") == 1
    assert await run(tmp_path, "purge", "--all") == 0
    stats = await outbox.stats()
    assert (stats.waiting, stats.dead) == (0, 0)


@pytest.mark.parametrize("arguments", [["retry"], ["retry", "1", "--all"], ["purge"], [], ["nope"]])
def test_a_wrong_command_line_is_told(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["outbox", *arguments])
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_where_there_is_no_outbox_none_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["outbox", "--data-dir", str(tmp_path), "list"]) == 2
    assert "no outbox" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
