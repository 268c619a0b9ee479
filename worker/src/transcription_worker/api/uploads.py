"""`POST /transcribe-job`: from a form to a job in the queue."""

import asyncio
import errno
import logging
from collections.abc import AsyncIterator
from contextlib import suppress

from fastapi import Request
from starlette.requests import ClientDisconnect

from ..audio import AudioError, probe_audio
from ..engines import Engine, UnsupportedOptionError
from ..queue import JobQueueService, UploadFiles
from ..tickets import bearer_token
from .auth import require_ticket
from .errors import ApiError, from_audio, from_option, unauthorized
from .form import parse_options
from .multipart import read_boundary
from .options import ApiOptions
from .receive import Received, UploadReceiver, already_uploaded, too_large

# Bytes of a form beside its file.
_FORM_BYTES = 1024 * 1024
# Seconds that the rest of a refused upload is read and dropped, so that the sender gets to see the
# answer: most read it only when they have sent all, and a connection that is cut loses it.
_DRAIN = 30.0
# Files that are looked at at once, each in a process of its own.
_PROBES = 2


class Uploads:
    """Takes in uploads for the queue."""

    def __init__(
        self, service: JobQueueService, engine: Engine, files: UploadFiles, options: ApiOptions
    ) -> None:
        self._service = service
        self._engine = engine
        self._files = files
        self._options = options
        self._probes = asyncio.Semaphore(_PROBES)
        self._log = logging.getLogger("transcription_worker.api")

    async def take(self, request: Request) -> str:
        """Receives and checks one upload; the answer is the job's id. Raises `ApiError`."""
        body = request.stream()
        try:
            received = await self._receive(request, body)
            await self._enqueue(received)
        except ApiError as error:
            self._log.info("upload_refused", extra={"code": error.code})
            with suppress(TimeoutError, ClientDisconnect):
                async with asyncio.timeout(_DRAIN):
                    async for _ in body:
                        pass
            raise
        except ClientDisconnect:
            # Nobody is there to read this.
            raise ApiError(400, "disconnected", "The upload was cut off.") from None
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise ApiError(507, "disk_full", "The worker's disk is full.") from error
        self._log.info("upload_taken", extra={"job_id": received.job_id, "bytes": received.size})
        return received.job_id

    async def _receive(self, request: Request, body: AsyncIterator[bytes]) -> Received:
        authorization = request.headers.get("Authorization")
        if bearer_token(authorization) is None:
            raise unauthorized()
        boundary = read_boundary(request.headers.get("Content-Type"))
        length = request.headers.get("Content-Length", "0")
        if length.isdigit() and int(length) > self._options.max_upload_bytes + _FORM_BYTES:
            raise too_large(self._options.max_upload_bytes)
        receiver = UploadReceiver(
            self._service,
            self._files,
            self._options.max_upload_bytes,
            lambda job_id: require_ticket(authorization, job_id, self._options.keys),
        )
        return await receiver.receive(body, boundary)

    async def _enqueue(self, received: Received) -> None:
        try:
            options = parse_options(received.fields)
            self._engine.check(options)
            async with self._probes:
                path = self._files.upload(received.upload_id)
                audio = await probe_audio(path, self._options.max_audio_seconds)
            if not await self._service.enqueue(received.upload_id, received.size, audio, options):
                raise already_uploaded()
        except BaseException as error:
            await self._service.abandon_upload(received.upload_id)
            if isinstance(error, AudioError):
                raise from_audio(error) from error
            if isinstance(error, UnsupportedOptionError):
                raise from_option(error) from error
            raise
