"""One SQLite file for everything that must survive the process.

Statements run on one thread of their own, so that the event loop never waits for a disk. Writes
that are asked for at the same time share one commit, and so one flush to the disk.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from .commit import commit_all, rollback
from .errors import StorageError
from .file_lock import FileLock
from .migrations import migrate

T = TypeVar("T")
Parameters = Sequence[object] | dict[str, object]

# Milliseconds that a statement waits for another process (the command line) to finish its own.
_BUSY_TIMEOUT_MS = 10_000


class Transaction:
    """An open transaction; it ends with the `async with` block that it comes from."""

    def __init__(self, database: "Database") -> None:
        self._database = database
        self._after_commit: list[Callable[[], None]] = []
        self._committed = False

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Calls `work` with the connection, on the database's thread, within this transaction."""
        return await self._database._call(work)  # noqa: SLF001 - its own half

    async def execute(self, sql: str, parameters: Parameters = ()) -> int:
        """Runs one statement; gives the number of rows that it changed."""
        return await self.run(lambda connection: connection.execute(sql, parameters).rowcount)

    async def fetch_all(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """All rows of a query."""
        return await self.run(lambda connection: connection.execute(sql, parameters).fetchall())

    async def fetch_one(self, sql: str, parameters: Parameters = ()) -> sqlite3.Row | None:
        """The first row of a query."""
        return await self.run(lambda connection: _first(connection, sql, parameters))

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Calls `callback` once the transaction is durable, and not if it is rolled back.

        Callbacks run in the order of the commits, before the next transaction begins.
        """
        self._after_commit.append(callback)

    def _commit(self, connection: sqlite3.Connection) -> None:
        connection.execute("COMMIT")
        self._committed = True


class Database:
    """One SQLite file, opened by `Database.open`; WAL, `synchronous=FULL`, foreign keys."""

    def __init__(
        self, connection: sqlite3.Connection, thread: ThreadPoolExecutor, lock: FileLock | None
    ) -> None:
        self._connection = connection
        self._thread = thread
        self._file_lock = lock
        self._lock = asyncio.Lock()
        self._owner: asyncio.Task[object] | None = None
        self._batch: list[_Write[Any]] = []
        self._committer: asyncio.Task[None] | None = None
        self._closed = False

    @classmethod
    async def open(cls, path: Path | str, *, exclusive: bool = True) -> "Database":
        """Opens the file and makes it and its directory where they are missing.

        `exclusive`: this process is the worker; a second one gets `AlreadyRunningError`. The
        command line opens the file without it. Raises `StorageError` for an unusable file.
        """
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="transcription-database")
        loop = asyncio.get_running_loop()
        try:
            connection, lock = await loop.run_in_executor(thread, _open, Path(path), exclusive)
        except BaseException:
            thread.shutdown(wait=False)
            raise
        return cls(connection, thread, lock)

    async def migrate(self, component: str, steps: Sequence[str]) -> None:
        """Brings the tables of one component up to date.

        `steps` are SQL scripts; the n-th brings version n-1 to version n, and a step that was
        released is never changed. Raises `StorageError` for a file of a newer version.
        """
        async with self.transaction() as tx:
            await tx.run(lambda connection: migrate(connection, component, steps))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """`BEGIN IMMEDIATE` … `COMMIT`; rolled back where the block raises. Not to be nested."""
        self._refuse_nesting()
        async with self._lock:
            await self._call(lambda connection: connection.execute("BEGIN IMMEDIATE"))
            self._owner = asyncio.current_task()
            tx = Transaction(self)
            try:
                yield tx
                await self._call(tx._commit)  # noqa: SLF001 - its own half
            except BaseException:
                await self._call(rollback)
                raise
            finally:
                self._owner = None
                # A caller that is cancelled during the commit has committed all the same.
                if tx._committed:  # noqa: SLF001 - its own half
                    for callback in tx._after_commit:  # noqa: SLF001 - its own half
                        callback()

    async def write(
        self,
        work: Callable[[sqlite3.Connection], T],
        after_commit: Callable[[T], None] | None = None,
    ) -> T:
        """Calls `work` on the database's thread in a transaction; durable on return.

        Calls that come while another one commits share the next commit. Each succeeds or fails on
        its own; a work may be called a second time where the first came to nothing.
        `after_commit` gets the result, as `Transaction.after_commit` describes, also when the
        caller was cancelled meanwhile.
        """
        self._refuse_nesting()
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._batch.append(_Write(work, future, after_commit))
        if self._committer is None:
            self._committer = asyncio.create_task(self._commit_batches())
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            future.add_done_callback(_retrieve)
            raise

    async def fetch_all(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """All rows of a query, outside of any transaction."""
        return await self.read(lambda connection: connection.execute(sql, parameters).fetchall())

    async def fetch_one(self, sql: str, parameters: Parameters = ()) -> sqlite3.Row | None:
        """The first row of a query, outside of any transaction."""
        return await self.read(lambda connection: _first(connection, sql, parameters))

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Calls `work`, which must only read, on the database's thread."""
        self._refuse_nesting()
        async with self._lock:
            return await self._call(work)

    async def close(self) -> None:
        """Finishes what was asked for and closes the file; closing it again does nothing."""
        if self._closed:
            return
        self._closed = True
        if self._committer is not None:
            await self._committer
        async with self._lock:
            await self._call(lambda connection: connection.close())
        self._thread.shutdown()
        if self._file_lock is not None:
            self._file_lock.release()

    def _refuse_nesting(self) -> None:
        if self._owner is not None and self._owner is asyncio.current_task():
            raise RuntimeError("this task has a transaction open: use that one (tx=…)")

    async def _call(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Runs `work` on the thread to its end, also when the caller is cancelled meanwhile."""
        future = asyncio.get_running_loop().run_in_executor(self._thread, work, self._connection)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await asyncio.wait([future])
            raise

    async def _commit_batches(self) -> None:
        while self._batch:
            async with self._lock:
                batch, self._batch = self._batch, []
                works = [write.work for write in batch]
                results = await self._call(partial(commit_all, works))
                for write, result in zip(batch, results, strict=True):
                    write.finish(result)
        self._committer = None


@dataclass(frozen=True, slots=True)
class _Write(Generic[T]):
    work: Callable[[sqlite3.Connection], T]
    future: asyncio.Future[T]
    after_commit: Callable[[T], None] | None

    def finish(self, result: T | BaseException) -> None:
        if isinstance(result, BaseException):
            self.future.set_exception(result)
            return
        self.future.set_result(result)
        if self.after_commit is not None:
            self.after_commit(result)


def _retrieve(future: asyncio.Future[Any]) -> None:
    """Nobody waits for the future any more; asyncio would complain of its exception."""
    future.exception()


def _open(path: Path, exclusive: bool) -> tuple[sqlite3.Connection, FileLock | None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path = path.resolve()
        lock = FileLock(path.with_name(path.name + ".lock")) if exclusive else None
    except OSError as error:
        raise StorageError(f"{path.parent} cannot be written: {error.strerror}") from None
    connection = None
    try:
        connection = sqlite3.connect(
            path,
            timeout=_BUSY_TIMEOUT_MS / 1000,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        # FULL: a commit is on the disk when it returns, also when the power fails then.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        if lock is not None:
            lock.release()
        raise StorageError(f"{path} is not a usable SQLite file: {error}") from None
    return connection, lock


def _first(connection: sqlite3.Connection, sql: str, parameters: Parameters) -> sqlite3.Row | None:
    row: sqlite3.Row | None = connection.execute(sql, parameters).fetchone()
    return row
