"""`POST /transcribe-job`: from a form to a job in the queue."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

from fastapi import Request
from starlette.requests import ClientDisconnect

from ..audio import AudioError, probe_audio
from ..disk import is_disk_full
from ..engines import Engine, UnsupportedOptionError
from ..errors import DiskFullError
from ..queue import JobQueueService, UploadFiles
from ..tickets import bearer_token, is_valid_ticket
from .connections import connection_limit
from .errors import ApiError, from_audio, from_option, unauthorized
from .form import parse_options
from .multipart import read_boundary
from .receive import (
    Received,
    UploadReceiver,
    already_uploaded,
    disk_full,
    require_room,
    too_large,
)

# Bytes of a form beside its file.
_FORM_BYTES = 1024 * 1024
# Seconds that the rest of a refused upload is read and dropped, so that the sender gets to see the
# answer: most read it only when they have sent all, and a connection that is cut loses it.
_DRAIN = 30.0
# Files that are looked at at once, each in a process of its own.
_PROBES = 2
# Seconds after which to try again where there are too many.
_RETRY_AFTER = 5


@dataclass(frozen=True, slots=True)
class ApiOptions:
    """`keys`: those that sign tickets. `origins`: of pages that may call; none: this machine's.

    Limits are in bytes and seconds. `max_uploads` come in at once, and over no more than half of
    the connections that there may be: the others stay for everybody else.
    """

    keys: tuple[str, ...]
    origins: tuple[str, ...] = ()
    max_upload_bytes: int = 1024**3
    max_audio_seconds: float = 12 * 60 * 60
    max_uploads: int = 64

    def require_ticket(self, authorization: str | None, job_id: str) -> None:
        """Checks an `Authorization` header. Raises `ApiError` 401."""
        ticket = bearer_token(authorization)
        if ticket is None or not is_valid_ticket(ticket, job_id, self.keys, time.time()):
            raise unauthorized()


class Uploads:
    """Takes in uploads for the queue."""

    def __init__(
        self, service: JobQueueService, engine: Engine, files: UploadFiles, options: ApiOptions
    ) -> None:
        self._service = service
        self._engine = engine
        self._files = files
        self._options = options
        self._places = min(options.max_uploads, connection_limit() // 2)
        self._probes = asyncio.Semaphore(_PROBES)
        self._log = logging.getLogger("transcription_worker.api")

    async def take(self, request: Request) -> str:
        """Receives and checks one upload; the answer is the job's id. Raises `ApiError`."""
        if self._places == 0:
            headers = {"Retry-After": str(_RETRY_AFTER)}
            message = "Too many uploads come in at once: try again later."
            raise ApiError(503, "too_many_uploads", message, headers)
        self._places -= 1
        try:
            return await self._take(request)
        finally:
            self._places += 1

    async def _take(self, request: Request) -> str:
        body = request.stream()
        try:
            received = await self._receive(request, body)
            await self._enqueue(received)
        except ClientDisconnect:
            # Nobody is there to read this.
            raise ApiError(400, "disconnected", "The upload was cut off.") from None
        except Exception as error:
            if (refusal := _refusal(error)) is None:
                raise
            self._log.info("upload_refused", extra={"code": refusal.code})
            if refusal.status != 408:
                await _drain(body)
            if refusal is error:
                raise
            raise refusal from error
        self._log.info("upload_taken", extra={"job_id": received.job_id, "bytes": received.size})
        return received.job_id

    async def _receive(self, request: Request, body: AsyncIterator[bytes]) -> Received:
        authorization = request.headers.get("Authorization")
        if bearer_token(authorization) is None:
            raise unauthorized()
        boundary = read_boundary(request.headers.get("Content-Type"))
        # The server takes no head whose length is not a number.
        length = int(request.headers.get("Content-Length", "0"))
        if length > self._options.max_upload_bytes + _FORM_BYTES:
            raise too_large(self._options.max_upload_bytes)
        require_room(self._files, length)
        receiver = UploadReceiver(
            self._service,
            self._files,
            self._options.max_upload_bytes,
            lambda job_id: self._options.require_ticket(authorization, job_id),
        )
        return await receiver.receive(body, boundary)

    async def _enqueue(self, received: Received) -> None:
        upload_id = received.upload_id
        try:
            options = parse_options(received.fields)
            self._engine.check(options)
            async with self._probes:
                path = self._files.upload(upload_id)
                audio = await probe_audio(path, self._options.max_audio_seconds)
            if not await self._service.enqueue(upload_id, received.size, audio, options):
                raise already_uploaded()
        except BaseException:
            await self._service.abandon_upload(upload_id)
            raise


async def _drain(body: AsyncIterator[bytes]) -> None:
    with suppress(TimeoutError, ClientDisconnect):
        async with asyncio.timeout(_DRAIN):
            async for _ in body:
                pass


def _refusal(error: Exception) -> ApiError | None:
    """What the sender is told; `None` where it is a mistake of ours."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, AudioError):
        return from_audio(error)
    if isinstance(error, UnsupportedOptionError):
        return from_option(error)
    if isinstance(error, DiskFullError) or (isinstance(error, OSError) and is_disk_full(error)):
        return disk_full()
    return None
