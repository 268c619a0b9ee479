"""The uploads on the disk, each with the files that belong to it.

`<upload id>.upload`   the file as it came, until the job's end is stored
`<upload id>.pcm`      its decoded sound, which can always be made again
`<upload id>.end`      the job's end, where the database had no room for it
`<upload id>.stopped`  empty: its run did not crash, it was stopped
"""

import os
import shutil
from collections.abc import Collection
from pathlib import Path

from ..disk import sync_path

# Bytes of the disk that are left to the database: neither uploads nor decoded sound may take them.
DISK_RESERVE_BYTES = 64 * 1024 * 1024


class UploadFiles:
    """One folder with the files of the jobs that have not ended. Raises `OSError`."""

    def __init__(self, folder: Path, *, reserve: int = DISK_RESERVE_BYTES) -> None:
        self.reserve = reserve
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def upload(self, upload_id: str) -> Path:
        """Where the file is as it came."""
        return self._folder / f"{upload_id}.upload"

    def pcm(self, upload_id: str) -> Path:
        """Where its decoded sound is."""
        return self._folder / f"{upload_id}.pcm"

    def free_bytes(self) -> int:
        """How much room the disk has left."""
        return shutil.disk_usage(self._folder).free

    def has_room(self, wanted: int) -> bool:
        """Whether so many bytes more leave the database its reserve."""
        return self.free_bytes() - wanted >= self.reserve

    def can_ever_hold(self, wanted: int) -> bool:
        """The same for a disk that is empty."""
        return shutil.disk_usage(self._folder).total - wanted >= self.reserve

    def remove(self, upload_id: str) -> None:
        """Deletes the files of one upload, those that are there."""
        for path in (self.upload(upload_id), self.pcm(upload_id), *self._notes(upload_id)):
            path.unlink(missing_ok=True)

    def keep_only(self, upload_ids: Collection[str]) -> None:
        """Deletes what a process that died left behind, but for these uploads."""
        for path in self._folder.iterdir():
            if path.suffix in _SUFFIXES and path.stem not in upload_ids:
                path.unlink(missing_ok=True)

    def remove_sound(self) -> None:
        """Deletes all decoded sound: room for a database that finds the disk full."""
        for path in self._folder.glob("*.pcm"):
            path.unlink(missing_ok=True)

    def sync(self, upload_id: str) -> None:
        """Makes an upload durable: a job in the queue must find its file after a power cut."""
        for path in (self.upload(upload_id), self._folder):
            sync_path(path)

    def keep_end(self, upload_id: str, end: bytes) -> None:
        """Keeps a job's end that the database does not take.

        It takes the place of the decoded sound, which nobody needs now, so that it needs no room.
        It has its name only when it is whole and durable, and only then the upload is deleted: a
        crash at any moment leaves one of the two.
        """
        pcm, kept = self.pcm(upload_id), self._folder / f"{upload_id}.end"
        with pcm.open("r+b" if pcm.exists() else "wb", buffering=0) as file:
            remaining = memoryview(end)
            while remaining:
                remaining = remaining[file.write(remaining) :]
            file.truncate()
            os.fsync(file.fileno())
        pcm.rename(kept)
        sync_path(self._folder)
        self.upload(upload_id).unlink(missing_ok=True)

    def kept_ends(self) -> dict[str, bytes]:
        """The ends that were kept, by upload."""
        return {path.stem: path.read_bytes() for path in self._folder.glob("*.end")}

    def remove_end(self, upload_id: str) -> None:
        """Deletes an end alone, one that cannot be read."""
        (self._folder / f"{upload_id}.end").unlink(missing_ok=True)

    def note_stopped(self, upload_id: str) -> None:
        """Notes that a run was stopped, where the database takes no note. It needs no room."""
        pcm, stopped = self.pcm(upload_id), self._folder / f"{upload_id}.stopped"
        if pcm.exists():
            os.truncate(pcm, 0)
            pcm.rename(stopped)
        else:
            stopped.touch()

    def stopped(self) -> set[str]:
        """The uploads whose runs were stopped."""
        return {path.stem for path in self._folder.glob("*.stopped")}

    def forget_stopped(self) -> None:
        """Deletes these notes, once the database has them."""
        for path in self._folder.glob("*.stopped"):
            path.unlink(missing_ok=True)

    def _notes(self, upload_id: str) -> list[Path]:
        return [self._folder / f"{upload_id}{suffix}" for suffix in (".end", ".stopped")]


_SUFFIXES = (".upload", ".pcm", ".end", ".stopped")
