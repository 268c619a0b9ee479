"""A disk that is full, and what is safely on it."""

import errno
import os
from pathlib import Path


def is_disk_full(error: OSError) -> bool:
    """Whether there was no room, on the disk or in what the user may take of it."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def sync_path(path: Path) -> None:
    """Makes a file's content durable, or a folder's names. Raises `OSError`."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
