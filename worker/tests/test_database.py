"""The SQLite file: durable, one worker at a time, one flush for many writes."""

import asyncio
import logging
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.logs import capture_logs
from support.small_disk import small_disk
from transcription_worker import AlreadyRunningError, Database, DiskFullError, StorageError

TABLE = ("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT UNIQUE NOT NULL) STRICT;",)


async def notes(database: Database) -> list[str]:
    return [row["text"] for row in await database.fetch_all("SELECT text FROM notes ORDER BY id")]


async def test_the_file_is_as_durable_as_sqlite_can_be(database: Database) -> None:
    found = {
        name: next(iter(await database.fetch_one(f"PRAGMA {name}") or ()))
        for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 2_000,
    }


def insert(text: str) -> Callable[[sqlite3.Connection], str]:
    def work(connection: sqlite3.Connection) -> str:
        connection.execute("INSERT INTO notes (text) VALUES (?)", (text,))
        return text

    return work


async def test_a_write_is_all_or_nothing(database: Database) -> None:
    await database.migrate("notes", TABLE)
    committed: list[str] = []
    assert await database.write(insert("kept"), after_commit=committed.append) == "kept"

    def fails(connection: sqlite3.Connection) -> str:
        insert("lost")(connection)
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        await database.write(fails, after_commit=committed.append)
    assert await notes(database) == ["kept"]
    assert committed == ["kept"]


@pytest.mark.parametrize("turns", range(8))
async def test_cancelled_at_any_turn_a_write_leaves_the_file_usable(
    database: Database, turns: int
) -> None:
    await database.migrate("notes", TABLE)
    done: list[str] = []
    task = asyncio.create_task(database.write(insert("first"), after_commit=done.append))
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    await database.write(insert("second"))
    # A task that never ran wrote nothing; one that began has written, and its callback knows.
    assert await notes(database) == [*done, "second"]
    assert done == ([] if turns == 0 else ["first"])


async def test_cancelled_while_another_process_holds_the_lock_it_can_be_closed(
    database: Database, tmp_path: Path
) -> None:
    await database.migrate("notes", TABLE)
    other = sqlite3.connect(tmp_path / "worker.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    task = asyncio.create_task(database.write(insert("first")))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(StorageError, match="locked"):
        await database.write(insert("second"))
    assert task.cancelled()
    other.execute("COMMIT")
    other.close()
    await database.write(insert("third"))
    assert await notes(database) == ["third"]


async def test_a_callback_that_raises_is_logged_and_the_next_writes_go_on(
    database: Database,
) -> None:
    await database.migrate("notes", TABLE)

    def fails(result: str) -> None:
        raise RuntimeError(result)

    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise OSError("the log's disk is full")

    logger = logging.getLogger("transcription_worker.database")
    logger.addHandler(broken := Broken())
    try:
        with capture_logs() as logs:
            await asyncio.gather(
                *(database.write(insert(str(n)), after_commit=fails) for n in range(5))
            )
            async with asyncio.timeout(30):
                await database.write(insert("next"))
    finally:
        logger.removeHandler(broken)
    assert await notes(database) == ["0", "1", "2", "3", "4", "next"]
    assert [log["event"] for log in logs].count("after_commit_failed") in (0, 5)


async def test_a_closed_file_refuses_and_does_not_hang(database: Database) -> None:
    await database.migrate("notes", TABLE)
    last = asyncio.create_task(database.write(insert("last")))
    await asyncio.sleep(0)
    closing = asyncio.create_task(database.close())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(StorageError, match="closed"):
        await database.write(insert("late"))
    with pytest.raises(StorageError, match="closed"):
        await database.fetch_all("SELECT 1")
    assert await last == "last"
    await database.close()


async def test_a_file_that_is_deleted_under_the_worker_refuses_every_write(
    database: Database, tmp_path: Path
) -> None:
    await database.migrate("notes", TABLE)
    await database.write(insert("first"))
    path = tmp_path / "worker.sqlite3"
    path.rename(tmp_path / "moved")
    with capture_logs() as logs:
        for _ in range(3):
            with pytest.raises(StorageError, match="deleted or replaced"):
                await database.write(insert("second"))
    assert [log["event"] for log in logs] == ["database_gone"]
    assert await notes(database) == ["first"]
    (tmp_path / "moved").rename(path)
    await database.write(insert("second"))
    assert await notes(database) == ["first", "second"]


async def test_a_full_disk_at_the_start_is_one_clear_error(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        disk.fill()
        with pytest.raises(DiskFullError, match="DATA_DIR"):
            await Database.open(disk.path / "worker.sqlite3")
        disk.clear()
        database = await Database.open(disk.path / "worker.sqlite3")
        await database.migrate("notes", TABLE)
        disk.fill()
        with pytest.raises(DiskFullError):
            await database.write(insert("x" * 100_000))
        disk.clear()
        await database.write(insert("kept"))
        assert await notes(database) == ["kept"]
        await database.close()


async def test_writes_at_the_same_time_share_a_commit_and_fail_alone(database: Database) -> None:
    await database.migrate("notes", TABLE)
    version = "PRAGMA data_version"
    other = await Database.open(_path_of(await database.fetch_one(_LIST)), exclusive=False)

    before = await other.fetch_one(version)
    results = await asyncio.gather(
        *(database.write(insert(text)) for text in ["a", "b", "a", "c"]), return_exceptions=True
    )
    after = await other.fetch_one(version)
    await other.close()
    assert [type(result) for result in results] == [
        str,
        str,
        sqlite3.IntegrityError,
        str,
    ]
    assert await notes(database) == ["a", "b", "c"]
    assert before is not None
    assert after is not None
    assert after[0] != before[0]


async def test_of_writes_that_share_a_commit_only_those_fail_that_find_no_room(
    database: Database,
) -> None:
    await database.migrate("notes", TABLE)
    pages = await database.fetch_one("PRAGMA page_count")
    assert pages is not None
    limit = f"PRAGMA max_page_count = {pages[0] + 2}"
    await database.read(lambda connection: connection.execute(limit).fetchone())

    results = await asyncio.gather(
        *(database.write(insert(text)) for text in ["a", "x" * 100_000, "b"]),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [
        str,
        DiskFullError,
        str,
    ]
    assert await notes(database) == ["a", "b"]


_LIST = "SELECT file FROM pragma_database_list"


def _path_of(row: sqlite3.Row | None) -> str:
    assert row is not None
    return str(row["file"])


async def test_callbacks_come_in_the_order_of_the_commits(database: Database) -> None:
    order: list[int] = []

    async def write(number: int) -> None:
        await database.write(lambda _: number, after_commit=order.append)

    await asyncio.gather(*(write(number) for number in range(20)))
    assert order == list(range(20))


async def test_a_write_whose_caller_is_cancelled_still_calls_back(database: Database) -> None:
    await database.migrate("notes", TABLE)
    done: list[str] = []
    task = asyncio.create_task(database.write(insert("kept"), after_commit=done.append))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await notes(database) == ["kept"]
    assert done == ["kept"]


async def test_migrations_run_once_and_by_component(tmp_path: Path) -> None:
    steps = (*TABLE, "INSERT INTO notes (text) VALUES ('step 2; with a semicolon');")
    for known in (steps[:1], steps, steps):
        database = await Database.open(tmp_path / "file")
        await database.migrate("notes", known)
        await database.migrate("others", ("CREATE TABLE others (id INTEGER) STRICT;",))
        await database.close()
    database = await Database.open(tmp_path / "file")
    assert await notes(database) == ["step 2; with a semicolon"]
    with pytest.raises(StorageError, match="newer version"):
        await database.migrate("notes", steps[:1])
    await database.close()


async def test_a_failed_migration_leaves_nothing_half_done(database: Database) -> None:
    with pytest.raises(sqlite3.OperationalError):
        await database.migrate("notes", (*TABLE, "INSERT INTO nowhere VALUES (1);"))
    assert await database.fetch_all("SELECT 1 FROM sqlite_master WHERE name = 'notes'") == []
    await database.migrate("notes", TABLE)


async def test_a_file_of_a_newer_layout_is_refused(database: Database) -> None:
    await database.write(lambda connection: connection.execute("PRAGMA user_version = 2").rowcount)
    with pytest.raises(StorageError, match="newer version"):
        await database.migrate("notes", TABLE)


async def test_a_second_worker_is_refused(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "worker.sqlite3"
    with pytest.raises(AlreadyRunningError, match="in use by another worker"):
        await Database.open(path)
    (tmp_path / "link").symlink_to(path)
    with pytest.raises(AlreadyRunningError):
        await Database.open(tmp_path / "link")
    code = (
        "import asyncio, sys; from transcription_worker import Database\n"
        "asyncio.run(Database.open(sys.argv[1]))"
    )
    other = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", code, str(path)], capture_output=True, text=True
    )
    assert "AlreadyRunningError" in other.stderr
    assert "process" in other.stderr
    await database.close()
    again = await Database.open(path)
    await again.close()


async def test_the_command_line_may_open_a_file_in_use(database: Database, tmp_path: Path) -> None:
    other = await Database.open(tmp_path / "worker.sqlite3", exclusive=False)
    await database.migrate("notes", TABLE)
    await other.write(lambda c: c.execute("INSERT INTO notes (text) VALUES ('other')").rowcount)
    assert await notes(database) == ["other"]
    await other.close()


@pytest.mark.parametrize("content", [b"this is not a database, it is a text" * 100])
async def test_what_is_not_a_database_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(StorageError, match="not a usable SQLite file"):
        await Database.open(tmp_path / "file")
    with pytest.raises(StorageError):
        await Database.open(tmp_path / "file" / "below")


async def test_a_work_that_raises_stop_iteration_does_not_hold_up_the_next(
    database: Database,
) -> None:
    empty: list[int] = []
    with pytest.raises(RuntimeError):
        async with asyncio.timeout(10):
            await database.write(lambda _: next(iter(empty)))
    async with asyncio.timeout(10):
        assert await database.write(lambda _: 7) == 7
