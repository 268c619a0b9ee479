"""Taking in an upload: the form's fields into memory, its file onto the disk."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from io import FileIO

from ..limits import JOB_ID_PATTERN
from ..queue import JobExistsError, JobQueueService, UploadFiles
from .errors import ApiError
from .form import base_name
from .multipart import PartData, PartStarted, read_form, stalled

# Bytes that are gathered before they are written: a thread is not worth less.
_WRITE_BYTES = 1024 * 1024
# Bytes of all text fields; the longest two have at most 4,000 characters each.
_MAX_FIELD_BYTES = 64 * 1024
# Seconds for all that comes before the file: until then nobody has shown a ticket.
_TICKET_SECONDS = 10.0

_JOB_ID = re.compile(JOB_ID_PATTERN)


@dataclass(frozen=True, slots=True)
class Received:
    """A whole upload: its file is on the disk, `size` bytes."""

    job_id: str
    upload_id: str
    size: int
    fields: dict[str, str]


class UploadReceiver:
    """Receives one form. `authorize(job_id)` raises where the sender may not use the job."""

    def __init__(
        self,
        service: JobQueueService,
        files: UploadFiles,
        max_bytes: int,
        authorize: Callable[[str], None],
    ) -> None:
        self._service = service
        self._files = files
        self._max_bytes = max_bytes
        self._authorize = authorize
        self._fields: dict[str, bytes] = {}
        self._field: str | None = None
        self._field_bytes = 0
        self._sink: _Sink | None = None
        self._upload_id: str | None = None

    async def receive(self, body: AsyncIterator[bytes], boundary: bytes) -> Received:
        """Reads the form to its end. Raises `ApiError`, and then leaves nothing behind."""
        try:
            async with (
                asyncio.timeout(_TICKET_SECONDS) as deadline,
                aclosing(read_form(body, boundary)) as parts,
            ):
                async for part in parts:
                    if isinstance(part, PartData):
                        await self._add(part)
                    elif part.name == "file":
                        self._authorize_file()
                        deadline.reschedule(None)
                        await self._begin_file(part)
                    else:
                        self._begin_field(part)
            if self._sink is None or self._upload_id is None:
                raise ApiError(422, "invalid_form", "file: is required")
            await self._sink.close()
            return Received(self._job_id(), self._upload_id, self._sink.size, self._texts())
        except BaseException as error:
            await self._discard()
            if isinstance(error, TimeoutError):
                raise stalled() from None
            raise

    def _begin_field(self, part: PartStarted) -> None:
        if part.name in self._fields:
            raise ApiError(422, "invalid_form", f"{part.name}: is there twice")
        self._field = part.name
        self._fields[part.name] = b""

    def _authorize_file(self) -> None:
        if self._sink is not None:
            raise ApiError(422, "invalid_form", "file: is there twice")
        if "job_id" not in self._fields:
            # Nothing of a stranger's file goes onto the disk, and the ticket is the job's.
            raise ApiError(422, "invalid_form", "job_id: is required, before the file in the form")
        job_id = self._job_id()
        self._authorize(job_id)
        if not _JOB_ID.fullmatch(job_id):
            raise ApiError(
                422,
                "invalid_job_id",
                "job_id: has 1 to 128 letters of English, digits and . _ : - and nothing else;"
                " send the id that Convex's `create` gave.",
            )

    async def _begin_file(self, part: PartStarted) -> None:
        file_name = base_name(part.file_name)
        try:
            self._upload_id = await self._service.begin_upload(self._job_id(), file_name)
        except JobExistsError:
            raise already_uploaded() from None
        self._field = None
        self._sink = await _Sink.open(self._files, self._upload_id, self._max_bytes)

    async def _add(self, part: PartData) -> None:
        if self._field is not None:
            self._fields[self._field] += part.data
            self._field_bytes += len(part.data)
            if self._field_bytes > _MAX_FIELD_BYTES:
                raise ApiError(422, "invalid_form", f"{self._field}: is too long")
        elif self._sink is not None:
            await self._sink.write(part.data)

    def _job_id(self) -> str:
        return self._fields["job_id"].decode(errors="replace").strip()

    def _texts(self) -> dict[str, str]:
        return {name: value.decode(errors="replace") for name, value in self._fields.items()}

    async def _discard(self) -> None:
        if self._sink is not None:
            with suppress(OSError):
                await self._sink.close(discard=True)
        if self._upload_id is not None:
            # The file goes first, as it is no job's yet: a full disk may have no room otherwise to
            # note that it went.
            self._files.remove(self._upload_id)
            await self._service.abandon_upload(self._upload_id)


def already_uploaded() -> ApiError:
    """The job's file has come in whole before, or another upload of it has taken over."""
    return ApiError(409, "already_uploaded", "This job's file has been uploaded already.")


class _Sink:
    """A file being written, off the event loop."""

    def __init__(self, file: FileIO, files: UploadFiles, max_bytes: int) -> None:
        self.size = 0
        self._file = file
        self._files = files
        self._max_bytes = max_bytes
        self._buffer = bytearray()

    @classmethod
    async def open(cls, files: UploadFiles, upload_id: str, max_bytes: int) -> "_Sink":
        path = files.upload(upload_id)
        return cls(await asyncio.to_thread(path.open, "wb", buffering=0), files, max_bytes)

    async def write(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > self._max_bytes:
            raise too_large(self._max_bytes)
        self._buffer += data
        if len(self._buffer) >= _WRITE_BYTES:
            await self._flush()

    async def close(self, *, discard: bool = False) -> None:
        try:
            if not discard:
                await self._flush()
        finally:
            await asyncio.to_thread(self._file.close)

    async def _flush(self) -> None:
        buffer, self._buffer = self._buffer, bytearray()
        await asyncio.to_thread(self._write, buffer)

    def _write(self, data: bytearray) -> None:
        require_room(self._files, len(data))
        left = memoryview(data)
        while left:
            left = left[self._file.write(left) :]


def require_room(files: UploadFiles, wanted: int) -> None:
    """Raises `ApiError` 507 where the disk has no room for so many bytes and its reserve."""
    if not files.has_room(wanted):
        raise disk_full()


def disk_full() -> ApiError:
    """There is no room for the file."""
    return ApiError(507, "disk_full", "The worker's disk is full: try again later.")


def too_large(max_bytes: int) -> ApiError:
    """The file is larger than the settings allow."""
    limit = f"{max_bytes / 1_000_000:g} MB"
    return ApiError(413, "payload_too_large", f"The file is larger than {limit}.")
