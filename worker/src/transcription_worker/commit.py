"""Writes that share one commit."""

import sqlite3
from collections.abc import Callable
from typing import Any


def rollback(connection: sqlite3.Connection) -> None:
    """Ends the open transaction, if there is one."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def commit_all(
    works: list[Callable[[sqlite3.Connection], Any]], connection: sqlite3.Connection
) -> list[Any]:
    """Runs all works in one transaction; the result of each, or its exception."""
    try:
        return _commit_together(works, connection)
    except Exception as error:  # noqa: BLE001 - handed to the caller of the work
        if len(works) == 1:
            return [error]
    # A full disk ends the transaction of all: whoever needs less room may still find it.
    return [result for work in works for result in commit_all([work], connection)]


def _commit_together(
    works: list[Callable[[sqlite3.Connection], Any]], connection: sqlite3.Connection
) -> list[Any]:
    results: list[Any] = []
    connection.execute("BEGIN IMMEDIATE")
    try:
        if len(works) == 1:
            results.append(works[0](connection))
        else:
            results += [_within_savepoint(work, connection) for work in works]
        connection.execute("COMMIT")
    except BaseException:
        rollback(connection)
        raise
    return results


def _within_savepoint(
    work: Callable[[sqlite3.Connection], Any], connection: sqlite3.Connection
) -> Any:
    """The work's result, or its exception where the others can go on."""
    connection.execute("SAVEPOINT work")
    try:
        result = work(connection)
    except Exception as error:
        if not connection.in_transaction:
            raise
        connection.execute("ROLLBACK TO work")
        result = error
    connection.execute("RELEASE work")
    return result
