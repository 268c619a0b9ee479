"""The outbox and its file: who may have it, what survives, what a full disk does."""

import asyncio
from pathlib import Path

import pytest

from support.logs import capture_logs
from support.outboxes import live, progress, quick, running_outbox, until
from support.scripted_server import ScriptedServer
from transcription_worker import (
    AlreadyRunningError,
    ConvexClient,
    Database,
    DiskFullError,
    Outbox,
    StorageError,
)


async def test_a_file_that_cannot_be_written_does_not_end_the_sending(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    async def set_read_only(value: int) -> None:
        await database.read(
            lambda connection: connection.execute(f"PRAGMA query_only = {value}").rowcount
        )

    outbox = await Outbox.open(database, client, quick())
    await outbox.put(progress("j", 1))
    await set_read_only(1)
    with capture_logs() as logs:
        outbox.start()
        with pytest.raises(StorageError, match="readonly"):
            await outbox.put(progress("j", 2))
        await until(lambda: any(log["event"] == "delivery_not_stored" for log in logs))
        assert "readonly" in str((await outbox.stats()).blocked)
    await set_read_only(0)
    assert await outbox.flush(30)
    await outbox.stop()
    assert [update["progress"] for update in server.updates] == [1]


async def test_a_full_disk_is_told_to_whoever_puts(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    async with running_outbox(database, client) as outbox:
        pages = await database.fetch_one("PRAGMA page_count")
        assert pages is not None
        limit = f"PRAGMA max_page_count = {pages[0] + 1}"
        await database.read(lambda connection: connection.execute(limit).fetchone())
        text = "x" * 60_000
        segments = {"offset": 0, "items": [{"start": 0, "end": 1, "text": text}]}
        with pytest.raises(DiskFullError, match="full"):
            await outbox.put(progress("j", 1, segments=segments))
        await database.read(
            lambda connection: connection.execute("PRAGMA max_page_count = 100000").fetchone()
        )
        # The number of the put that failed was not used up.
        assert await outbox.put(progress("j", 1)) == 1
        assert await outbox.flush(30)


async def test_two_workers_on_one_file_refuse_each_other(
    database: Database, tmp_path: Path
) -> None:
    with pytest.raises(AlreadyRunningError, match="another worker"):
        await Database.open(tmp_path / "worker.sqlite3")


async def test_an_outage_is_outlived_by_another_process(
    server: ScriptedServer, client: ConvexClient, tmp_path: Path
) -> None:
    await server.stop()
    first = await Database.open(tmp_path / "file")
    async with running_outbox(first, client) as outbox:
        for number in range(10):
            await outbox.put(progress("j", number, segments=live(number)))
        await outbox.put({"job_id": "j", "status": "completed"})
    await first.close()
    await server.start()
    second = await Database.open(tmp_path / "file")
    async with running_outbox(second, client) as outbox:
        assert await outbox.flush(30)
    await second.close()
    sent = [item["text"] for u in server.updates for item in u.get("segments", {}).get("items", [])]
    assert sent == [f"s{number}" for number in range(10)]
    assert server.updates[-1]["status"] == "completed"


async def test_an_update_whose_acceptance_the_disk_does_not_take_is_not_sent_again(
    server: ScriptedServer, client: ConvexClient, database: Database
) -> None:
    outbox = await Outbox.open(database, client, quick())
    for number in range(10):
        await outbox.put(progress(f"j{number}", 1))
    await database.write(
        lambda connection: (
            connection.execute(
                "CREATE TRIGGER no_room BEFORE DELETE ON outbox_updates"
                " BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END"
            ).rowcount
        )
    )
    outbox.start()
    await until(lambda: len(server.updates) == 10)
    await asyncio.sleep(0.5)
    assert len(server.updates) == 10
    await database.write(lambda connection: connection.execute("DROP TRIGGER no_room").rowcount)
    assert await outbox.flush(30)
    await outbox.stop()
    assert len(server.updates) == 10


async def test_at_a_stop_the_log_says_what_waits(
    server: ScriptedServer, client: ConvexClient, database: Database, tmp_path: Path
) -> None:
    await server.stop()
    with capture_logs() as logs:
        async with running_outbox(database, client) as outbox:
            await outbox.put(progress("j", 1))
            (tmp_path / "worker.sqlite3").unlink()
            with pytest.raises(StorageError, match="deleted"):
                await outbox.put(progress("j", 2))
    [stopped] = [log for log in logs if log["event"] == "outbox_stopped"]
    assert stopped["waiting"] == 1
