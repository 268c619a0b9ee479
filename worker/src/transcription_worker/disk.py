"""Room on the disk: what stays free for the database, and how a full disk shows."""

import errno
import sqlite3

RESERVE_BYTES = 64 * 1024 * 1024
"""Stays free for the database, so that no upload keeps an update from being stored."""


def has_room(free: int, wanted: int) -> bool:
    """Whether `wanted` bytes may be written where `free` bytes are free."""
    return free - wanted >= RESERVE_BYTES


def is_disk_full(error: BaseException) -> bool:
    """Whether an error of the file system, or of SQLite, comes from a disk without room."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if getattr(cause, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
            return True
        cause = cause.__cause__
    return False
