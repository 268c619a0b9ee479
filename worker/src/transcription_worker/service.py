"""The whole transcription service: the database, the way to Convex, the queue and the API."""

import logging
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI

from .api import ApiOptions, create_app, serve_app
from .client import ConvexClient
from .database import Database
from .engines import create_engine
from .errors import AuthenticationError, ConfigurationError, ConvexError
from .outbox import Outbox, OutboxSettings
from .queue import JobQueueService, QueueOptions, SqliteJobStore, UploadFiles
from .settings import Settings

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
    if not settings.api_keys:
        raise ConfigurationError(
            "CONVEX_API_KEY is not set: without it no ticket can be checked, so that nobody could"
            " upload anything. Make one with `npm run keygen` and set the same on the deployment."
        )
    engine = create_engine(settings)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(engine.close)
        database = await Database.open(settings.database_path)
        stack.push_async_callback(database.close)
        client = _client(settings)
        if client is not None:
            await stack.enter_async_context(client)
            await _check(client)
        outbox = await Outbox.open(database, client, outbox_settings)
        files = UploadFiles(settings.data_dir / "uploads")
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
        outbox.start()
        stack.push_async_callback(outbox.stop)
        await queue.start()
        stack.push_async_callback(queue.stop)
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
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    async with running_service(settings) as service:
        await serve_app(service.app, settings.host, settings.port)
    _log.info("service_stopped")


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
