"""Works on an SQLite connection, several in one commit; errors of the file as errors of ours."""

import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

from .errors import DiskFullError, StorageError

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

# SQLite's codes for what no statement of ours is to blame for.
_FILE_FAULTS = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_READONLY,
    }
)


def commit_all(works: list[Work[Any]], connection: sqlite3.Connection) -> list[Any]:
    """Runs all works in one transaction; the result of each, or its exception."""
    try:
        return _commit_together(works, connection)
    except Exception as error:  # noqa: BLE001 - handed to the caller of the work
        failure = _explained(error)
        if len(works) == 1 or _is_locked(error):
            return [failure] * len(works)
    # A full disk ends the transaction of all: whoever needs less room may still find it.
    return [result for work in works for result in commit_all([work], connection)]


def _commit_together(works: list[Work[Any]], connection: sqlite3.Connection) -> list[Any]:
    try:
        connection.execute("BEGIN IMMEDIATE")
        if len(works) == 1:
            results = [works[0](connection)]
        else:
            results = [_within_savepoint(work, connection) for work in works]
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    return results


def _within_savepoint(work: Work[Any], connection: sqlite3.Connection) -> Any:
    """The work's result, or its exception where the others can go on."""
    connection.execute("SAVEPOINT work")
    try:
        result = work(connection)
    except Exception as error:
        if not connection.in_transaction:
            raise
        connection.execute("ROLLBACK TO work")
        result = _explained(error)
    connection.execute("RELEASE work")
    return result


def reading(work: Work[T], connection: sqlite3.Connection) -> T:
    """Runs a work that only reads."""
    try:
        return work(connection)
    except sqlite3.Error as error:
        raise _explained(error) from error


def _explained(error: Exception) -> Exception:
    """What is wrong with the file or the disk as our error; a mistake stays what it is."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code not in _FILE_FAULTS:
        return error
    kind = DiskFullError if code == sqlite3.SQLITE_FULL else StorageError
    explained = kind(f"the database cannot be used: {error}")
    explained.__cause__ = error
    return explained


def _is_locked(error: Exception) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
