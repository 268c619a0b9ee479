"""The whole transcription service: the database, the way to Convex, the queue and the API."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import FastAPI

from .api import ApiOptions, create_app, serve_app
from .client import ConvexClient
from .database import Database
from .disk import is_disk_full
from .engines import create_engine
from .errors import (
    AuthenticationError,
    ConfigurationError,
    ConvexError,
    DiskFullError,
    StorageError,
)
from .file_lock import FileLock
from .outbox import Outbox, OutboxSettings
from .queue import JobQueueService, QueueOptions, SqliteJobStore, UploadFiles
from .settings import Settings
from .wire_time import is_clock_set

# Seconds between two looks at a clock that was never set.
_CLOCK = 2.0
# Seconds of a stop's steps: the jobs, what waits to go out, requests under way, what is closed.
_STOP_QUEUE = 9.0
_FLUSH = 1.0
_STOP_OUTBOX = 6.0
_CLOSE = 5.0

_log = logging.getLogger("transcription_worker.service")


@dataclass(frozen=True, slots=True)
class RunningService:
    """The parts that a program or a test may want to speak to."""

    app: FastAPI
    queue: JobQueueService
    outbox: Outbox


@asynccontextmanager
async def running_service(
    settings: Settings, outbox_settings: OutboxSettings | None = None
) -> AsyncIterator[RunningService]:
    """Starts everything but the web server, and stops it at the end of the block.

    Raises `ConfigurationError` where a setting is missing, `StorageError` where the data folder
    cannot be used and `AlreadyRunningError` where another worker uses it.
    """
    if problems := [*settings.problems()]:
        raise ConfigurationError("\n".join(problems))
    engine = create_engine(settings)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(lambda: _within(_CLOSE, engine.close(), "engine_not_closed"))
        files = _open_files(settings)
        database = await Database.open(settings.database_path)
        stack.push_async_callback(lambda: _within(_CLOSE, database.close(), "database_not_closed"))
        client = _client(settings)
        if client is not None:
            await stack.enter_async_context(client)
            await _check(client)
        outbox = await Outbox.open(database, client, outbox_settings)
        queue = JobQueueService(
            await SqliteJobStore.open(database, outbox),
            engine,
            files,
            QueueOptions(
                max_concurrent_jobs=settings.max_concurrent_jobs,
                max_audio_seconds=settings.max_audio_seconds,
            ),
        )
        outbox.on_outcome(queue.on_outcome)
        outbox.on_removed(queue.on_removed)
        # Before the outbox, whose answers it must hear from the first on.
        await queue.start()
        stack.push_async_callback(_stop, queue, outbox)
        outbox.start()
        options = ApiOptions(
            keys=settings.api_keys,
            origins=settings.allowed_origins,
            max_upload_bytes=settings.max_upload_bytes,
            max_audio_seconds=settings.max_audio_seconds,
        )
        yield RunningService(create_app(queue, engine, files, outbox, options), queue, outbox)


async def serve(settings: Settings) -> None:
    """Runs the service until it gets SIGTERM or SIGINT. Raises as `running_service` does."""
    # The server gives a signal that stopped it back to whoever handled it before; that must not
    # end the process while jobs are being put back into the queue.
    signals: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _: signals.append(received))
    # Before that every ticket would be valid.
    while not signals and not is_clock_set(now := datetime.now(UTC)):
        _log.critical("clock_not_set", extra={"now": now.isoformat(), "tries_again_in": _CLOCK})
        await asyncio.sleep(_CLOCK)
    async with running_service(settings) as service:
        if not signals:  # one that came before the server listened for it
            await serve_app(service.app, settings.host, settings.port)
    _log.info("service_stopped")
    if service.queue.has_stubborn_engines:
        # Everything is stored and closed; asyncio would wait for this engine for ever.
        logging.shutdown()
        os._exit(0)


def _open_files(settings: Settings) -> UploadFiles:
    """The folder of the uploads, without what a run that was cut short had decoded.

    That goes before the database opens, which on a full disk may need the room. Never while another
    worker is at it: its lock is held meanwhile.
    """
    path = settings.database_path.resolve()
    try:
        files = UploadFiles(settings.data_dir / "uploads")
        lock = FileLock(path.with_name(path.name + ".lock"))
        try:
            files.remove_sound()
        finally:
            lock.release()
    except OSError as error:
        if is_disk_full(error):
            raise DiskFullError(
                f"the disk is full: make room in {settings.data_dir}, or set DATA_DIR to a "
                "directory on another disk."
            ) from None
        raise StorageError(f"{settings.data_dir} cannot be written: {error.strerror}") from None
    return files


async def _stop(queue: JobQueueService, outbox: Outbox) -> None:
    """Ends the work, sends what can go at once, and says what waits for the next start."""
    await _within(_STOP_QUEUE, queue.stop(), "queue_not_stopped")
    await _within(_FLUSH + _CLOSE, outbox.flush(_FLUSH), "outbox_not_flushed")
    await _within(_STOP_OUTBOX, outbox.stop(), "outbox_not_stopped")


async def _within(seconds: float, work: Awaitable[object], what: str) -> None:
    """Does one step of a stop; whatever becomes of it, the next steps follow."""
    task = asyncio.ensure_future(work)
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if not done:
        task.cancel()
        _log.error(what, extra={"error": f"not within {seconds:g} seconds"})
    elif (error := None if task.cancelled() else task.exception()) is not None:
        _log.error(what, extra={"error": f"{type(error).__name__}: {error}"})


def _client(settings: Settings) -> ConvexClient | None:
    if not settings.convex_sync_enabled:
        _log.warning("sync_disabled")
        return None
    url, key = settings.require_endpoint()
    return ConvexClient(url, key, timeout=settings.convex_timeout)


async def _check(client: ConvexClient) -> None:
    """Says at the start whether address and key are right; the outbox waits until they are."""
    try:
        await client.health()
    except AuthenticationError as error:
        _log.error(
            "convex_refuses_key",
            extra={"error": error.message, "set": "CONVEX_API_KEY on both sides"},
        )
    except ConvexError as error:
        _log.warning("convex_not_reached", extra={"error": error.message})
    else:
        _log.info("convex_reached")
