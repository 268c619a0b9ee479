"""The versions of a file's tables, one for each component that keeps some in it."""

import sqlite3
from collections.abc import Sequence

from .errors import StorageError

# The layout of this table itself; SQLite keeps the number in the file's header.
_FILE_VERSION = 1


def migrate(connection: sqlite3.Connection, component: str, steps: Sequence[str]) -> None:
    """Runs those of a component's steps that the file has not seen, within the open transaction.

    Raises `StorageError` where the file was written by a newer version of this package.
    """
    (file_version,) = connection.execute("PRAGMA user_version").fetchone()
    if file_version > _FILE_VERSION:
        raise _newer("its layout", file_version, _FILE_VERSION)
    connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_versions "
        "(component TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT"
    )
    connection.execute(f"PRAGMA user_version = {_FILE_VERSION}")
    row = connection.execute(
        "SELECT version FROM schema_versions WHERE component = ?", (component,)
    ).fetchone()
    version = 0 if row is None else row[0]
    if version > len(steps):
        raise _newer(component, version, len(steps))
    for step in steps[version:]:
        for statement in _statements(step):
            connection.execute(statement)
    connection.execute(
        "INSERT INTO schema_versions VALUES (?, ?) "
        "ON CONFLICT (component) DO UPDATE SET version = excluded.version",
        (component, len(steps)),
    )


def _statements(script: str) -> list[str]:
    """A script's statements; `executescript` would commit the transaction first."""
    statements, current = [], ""
    for line in script.splitlines(keepends=True):
        current += line
        if sqlite3.complete_statement(current):
            statements.append(current)
            current = ""
    if current.strip():
        raise ValueError("the last statement of a migration lacks its semicolon")
    return statements


def _newer(what: str, found: int, known: int) -> StorageError:
    return StorageError(
        f"this file was written by a newer version of transcription-worker ({what}: version "
        f"{found}, this one knows {known}); install that version or use another DATA_DIR."
    )
