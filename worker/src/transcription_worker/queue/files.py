"""The uploads on the disk: `<upload id>.upload` as it came, `<upload id>.pcm` decoded."""

import os
import shutil
from collections.abc import Collection
from pathlib import Path

# Bytes of the disk that are left to the database: neither uploads nor decoded sound may take them.
DISK_RESERVE_BYTES = 64 * 1024 * 1024


class UploadFiles:
    """One folder with the files of the jobs that have not ended."""

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

    def remove(self, upload_id: str) -> None:
        """Deletes the files of one upload, those that are there."""
        self.upload(upload_id).unlink(missing_ok=True)
        self.pcm(upload_id).unlink(missing_ok=True)

    def keep_only(self, upload_ids: Collection[str]) -> None:
        """Deletes what a process that died left behind, but for these uploads."""
        for path in self._folder.iterdir():
            if path.suffix in (".upload", ".pcm") and path.stem not in upload_ids:
                path.unlink(missing_ok=True)

    def sync(self, upload_id: str) -> None:
        """Makes an upload durable: a job in the queue must find its file after a power cut."""
        for path in (self.upload(upload_id), self._folder):
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
