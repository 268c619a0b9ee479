"""One SQLite file for everything that must survive the process.

Statements run on one thread of their own, so that the event loop never waits for a disk. Nothing
holds a transaction open across a turn of the loop, so no cancellation can leave one behind. Writes
that are asked for at the same time share one commit, and so one flush to the disk.
"""

import asyncio
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from .commit import Work, commit_all, reading
from .disk import is_disk_full
from .errors import DiskFullError, StorageError
from .file_lock import FileLock
from .migrations import migrate

T = TypeVar("T")
Parameters = Sequence[object] | dict[str, object]

# Milliseconds that a statement waits for another process (the command line) to finish its own;
# short enough for a stop that meets a locked file.
_BUSY_TIMEOUT_MS = 2_000
# Seconds between two log lines about a file that is gone.
_GONE_EVERY = 60.0

_log = logging.getLogger("transcription_worker.database")


class Database:
    """One SQLite file, opened by `Database.open`; WAL, `synchronous=FULL`, foreign keys.

    All methods raise `StorageError` where the file cannot be read or written, `DiskFullError` where
    that is for want of room.
    """

    def __init__(self, opened: "_Opened", thread: ThreadPoolExecutor) -> None:
        self._path = opened.path
        self._connection = opened.connection
        self._thread = thread
        self._file_lock = opened.lock
        self._file = _identity(opened.path)
        self._told_gone = float("-inf")
        self._batch: list[_Write[Any]] = []
        self._committing = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._closing: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, path: Path | str, *, exclusive: bool = True) -> "Database":
        """Opens the file and makes it and its directory where they are missing.

        `exclusive`: this process is the worker; a second one gets `AlreadyRunningError`. The
        command line opens the file without it. Raises `StorageError` for an unusable file.
        """
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="transcription-database")
        opening = asyncio.get_running_loop().run_in_executor(thread, _open, Path(path), exclusive)
        try:
            return cls(await asyncio.shield(opening), thread)
        except BaseException:
            # A caller that is cancelled meanwhile leaves no open file and no lock.
            opening.add_done_callback(_abandon)
            thread.shutdown(wait=False)
            raise

    async def migrate(self, component: str, steps: Sequence[str]) -> None:
        """Brings the tables of one component up to date.

        `steps` are SQL scripts; the n-th brings version n-1 to version n, and a step that was
        released is never changed. Raises `StorageError` for a file of a newer version.
        """
        await self.write(lambda connection: migrate(connection, component, steps))

    async def write(self, work: Work[T], after_commit: Callable[[T], None] | None = None) -> T:
        """Calls `work` on the database's thread in a transaction; durable on return.

        Calls that come while another one commits share the next commit. Each succeeds or fails on
        its own; a work may be called a second time where the first came to nothing. A caller that
        is cancelled meanwhile has written all the same. `after_commit` gets the result on the
        event loop, in the order of the commits and before the caller; it is called only, and
        always, where the write is durable.
        """
        self._refuse_closed()
        write = _Write(work, asyncio.get_running_loop().create_future(), after_commit)
        self._batch.append(write)
        self._commit_next()
        return await _shielded(write.future)

    async def fetch_all(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """All rows of a query."""
        return await self.read(lambda connection: connection.execute(sql, parameters).fetchall())

    async def fetch_one(self, sql: str, parameters: Parameters = ()) -> sqlite3.Row | None:
        """The first row of a query."""

        def first(connection: sqlite3.Connection) -> sqlite3.Row | None:
            row: sqlite3.Row | None = connection.execute(sql, parameters).fetchone()
            return row

        return await self.read(first)

    async def read(self, work: Work[T]) -> T:
        """Calls `work`, which must only read, on the database's thread."""
        self._refuse_closed()
        loop = asyncio.get_running_loop()
        return await _shielded(loop.run_in_executor(self._thread, reading, work, self._connection))

    async def close(self) -> None:
        """Finishes what was asked for and closes the file; closing it again does nothing."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        await self._idle.wait()
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
        finally:
            self._thread.shutdown(wait=False)
            if self._file_lock is not None:
                self._file_lock.release()

    def _refuse_closed(self) -> None:
        if self._closing is not None:
            raise StorageError(f"{self._path} has been closed")

    def _commit_next(self) -> None:
        if self._committing or not self._batch:
            return
        self._committing = True
        self._idle.clear()
        batch, self._batch = self._batch, []
        loop = asyncio.get_running_loop()
        commit = loop.run_in_executor(self._thread, self._commit, [one.work for one in batch])
        commit.add_done_callback(partial(self._committed, batch))

    def _committed(self, batch: "list[_Write[Any]]", commit: "asyncio.Future[list[Any]]") -> None:
        for write, result in zip(batch, commit.result(), strict=True):
            write.finish(result)
        self._committing = False
        if self._batch:
            self._commit_next()
        else:
            self._idle.set()

    def _commit(self, works: list[Work[Any]]) -> list[Any]:
        try:
            self._refuse_gone()
            return commit_all(works, self._connection)
        except BaseException as error:  # noqa: BLE001 - every caller has to hear of it
            return [error] * len(works)

    def _refuse_gone(self) -> None:
        """SQLite goes on writing into a file that somebody has deleted: all of it would be lost."""
        if _identity(self._path) == self._file:
            return
        error = StorageError(
            f"{self._path} was deleted or replaced while the worker runs: nothing can be stored. "
            "Put the file back, or restart the worker."
        )
        if time.monotonic() - self._told_gone >= _GONE_EVERY:
            self._told_gone = time.monotonic()
            _log.critical("database_gone", extra={"error": str(error)})
        raise error


@dataclass(frozen=True, slots=True)
class _Opened:
    path: Path
    connection: sqlite3.Connection
    lock: FileLock | None

    def close(self) -> None:
        self.connection.close()
        if self.lock is not None:
            self.lock.release()


@dataclass(frozen=True, slots=True)
class _Write(Generic[T]):
    work: Work[T]
    future: asyncio.Future[T]
    after_commit: Callable[[T], None] | None

    def finish(self, result: T | BaseException) -> None:
        if isinstance(result, StopIteration):
            result = RuntimeError("the work raised StopIteration")  # which no future takes
        if isinstance(result, BaseException):
            self.future.set_exception(result)
            return
        self.future.set_result(result)
        if self.after_commit is None:
            return
        # What is stored is stored; whatever a callback or a log handler raises, the next writes
        # must not wait for ever.
        with suppress(Exception):
            try:
                self.after_commit(result)
            except Exception as error:  # noqa: BLE001 - as above
                _log.error("after_commit_failed", exc_info=error)


async def _shielded(future: asyncio.Future[T]) -> T:
    """The future's result; it goes on where its caller is cancelled."""
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        # Nobody waits for it any more; asyncio would complain of its exception.
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        raise


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file the path names at the moment."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _abandon(opening: "asyncio.Future[_Opened]") -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()


def _open(path: Path, exclusive: bool) -> _Opened:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path = path.resolve()
        lock = FileLock(path.with_name(path.name + ".lock")) if exclusive else None
    except OSError as error:
        if is_disk_full(error):
            raise _full(path) from None
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
        if _has_no_room(path):
            raise _full(path) from None
        raise StorageError(f"{path} is not a usable SQLite file: {error}") from None
    return _Opened(path, connection, lock)


def _has_no_room(path: Path) -> bool:
    """SQLite says "disk I/O error" where it cannot make the files that it keeps beside this one."""
    found = os.statvfs(path.parent)
    return found.f_bavail * found.f_frsize < 1024 * 1024


def _full(path: Path) -> DiskFullError:
    return DiskFullError(
        f"the disk is full, so that {path} cannot be opened: make room there, or set DATA_DIR to "
        "a directory on another disk."
    )
