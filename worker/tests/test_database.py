"""The SQLite file: durable, one worker at a time, one flush for many writes."""

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from transcription_worker import AlreadyRunningError, Database, StorageError

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
        "busy_timeout": 10_000,
    }


async def test_a_transaction_is_all_or_nothing(database: Database) -> None:
    await database.migrate("notes", TABLE)
    committed: list[str] = []
    async with database.transaction() as tx:
        assert await tx.execute("INSERT INTO notes (text) VALUES (?)", ("kept",)) == 1
        tx.after_commit(lambda: committed.append("kept"))
        assert committed == []
    with pytest.raises(RuntimeError, match="no"):
        async with database.transaction() as tx:
            await tx.execute("INSERT INTO notes (text) VALUES ('lost')")
            tx.after_commit(lambda: committed.append("lost"))
            row = await tx.fetch_one("SELECT count(*) AS number FROM notes")
            assert row is not None
            assert row["number"] == 2
            raise RuntimeError("no")
    assert await notes(database) == ["kept"]
    assert committed == ["kept"]


async def test_a_cancelled_transaction_is_rolled_back(database: Database) -> None:
    await database.migrate("notes", TABLE)
    began = asyncio.Event()

    async def never_ends() -> None:
        async with database.transaction() as tx:
            await tx.execute("INSERT INTO notes (text) VALUES ('lost')")
            began.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(never_ends())
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await notes(database) == []


async def test_transactions_wait_for_each_other(database: Database) -> None:
    await database.migrate("notes", TABLE)

    async def add(name: str) -> None:
        async with database.transaction() as tx:
            before = await tx.fetch_all("SELECT text FROM notes")
            await asyncio.sleep(0)
            await tx.execute("INSERT INTO notes (text) VALUES (?)", (f"{len(before)} {name}",))

    await asyncio.gather(*(add("note") for _ in range(20)))
    assert await notes(database) == [f"{number} note" for number in range(20)]


async def test_nested_use_is_refused_and_does_not_deadlock(database: Database) -> None:
    async with database.transaction():
        with pytest.raises(RuntimeError, match="tx="):
            await database.write(lambda _: None)
        with pytest.raises(RuntimeError, match="tx="):
            await database.fetch_all("SELECT 1")
        with pytest.raises(RuntimeError, match="tx="):
            async with database.transaction():
                pass


async def test_writes_at_the_same_time_share_a_commit_and_fail_alone(database: Database) -> None:
    await database.migrate("notes", TABLE)
    version = "PRAGMA data_version"
    other = await Database.open(_path_of(await database.fetch_one(_LIST)), exclusive=False)

    def insert(text: str) -> asyncio.Task[None]:
        def work(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT INTO notes (text) VALUES (?)", (text,))

        return asyncio.create_task(database.write(work))

    before = await other.fetch_one(version)
    results = await asyncio.gather(
        *(insert(text) for text in ["a", "b", "a", "c"]), return_exceptions=True
    )
    after = await other.fetch_one(version)
    await other.close()
    assert [type(result) for result in results] == [
        type(None),
        type(None),
        sqlite3.IntegrityError,
        type(None),
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

    def insert(text: str) -> asyncio.Task[None]:
        def work(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT INTO notes (text) VALUES (?)", (text,))

        return asyncio.create_task(database.write(work))

    results = await asyncio.gather(
        insert("a"), insert("x" * 100_000), insert("b"), return_exceptions=True
    )
    assert [type(result) for result in results] == [
        type(None),
        sqlite3.OperationalError,
        type(None),
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

    async def transact(number: int) -> None:
        async with database.transaction() as tx:
            tx.after_commit(lambda: order.append(number))

    await asyncio.gather(write(0), write(1), transact(2), write(3))
    assert sorted(order) == [0, 1, 2, 3]
    assert order.index(0) < order.index(1)


async def test_a_write_whose_caller_is_cancelled_still_calls_back(database: Database) -> None:
    await database.migrate("notes", TABLE)
    done: list[None] = []

    def work(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO notes (text) VALUES ('kept')")

    task = asyncio.create_task(database.write(work, after_commit=done.append))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await notes(database) == ["kept"]
    assert done == [None]


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
