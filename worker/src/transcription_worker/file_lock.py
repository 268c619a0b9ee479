"""A lock that one process holds for as long as it lives."""

import os
from contextlib import suppress
from pathlib import Path

from .errors import AlreadyRunningError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


class FileLock:
    """An exclusive lock on `path`, which the system releases however the process ends.

    Raises `AlreadyRunningError` where somebody else holds it.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _lock(self._descriptor)
        except OSError:
            holder = os.read(self._descriptor, 32).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            raise AlreadyRunningError(
                f"{path.with_suffix('')} is in use by another worker"
                f"{f' (process {holder})' if holder.isdigit() else ''}: "
                "stop that one, or give this one a directory of its own (DATA_DIR)."
            ) from None
        with suppress(OSError):  # on a full disk nobody learns who holds it
            os.truncate(self._descriptor, 0)
            os.write(self._descriptor, str(os.getpid()).encode("ascii"))

    def release(self) -> None:
        """Gives the lock back."""
        os.close(self._descriptor)


def _lock(descriptor: int) -> None:
    if fcntl is not None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return
    import msvcrt  # type: ignore[unreachable]

    # A byte far behind the holder's number, which stays readable.
    os.lseek(descriptor, 1 << 20, os.SEEK_SET)
    msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    os.lseek(descriptor, 0, os.SEEK_SET)
