"""A real disk that is soon full, where the tests may mount one."""

import contextlib
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class SmallDisk:
    """A disk of its own at `path`."""

    path: Path

    def fill(self) -> None:
        """Leaves not a byte of room."""
        with contextlib.suppress(OSError), self._filler.open("ab", buffering=0) as filler:
            while True:
                filler.write(b"x" * 4096)

    def clear(self) -> None:
        """Makes room again."""
        self._filler.unlink()

    @property
    def _filler(self) -> Path:
        return self.path / "filler"


@contextmanager
def small_disk(path: Path, megabytes: int) -> Iterator[SmallDisk]:
    """Mounts one at `path`; skips the test where it must not."""
    path.mkdir()
    size = f"size={megabytes}m"
    mount = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(path)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs the right to mount a small disk")
    try:
        yield SmallDisk(path)
    finally:
        # Lazily: a file that a failing test left open must not keep the disk there.
        subprocess.run(["umount", "--lazy", str(path)], check=True)
