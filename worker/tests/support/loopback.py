"""Running an ASGI application behind a real server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from transcription_worker.api.server import HttpServer


@asynccontextmanager
async def running_server(app: Any, limit: int | None = None) -> AsyncIterator[HttpServer]:
    """Runs an ASGI application behind our server, which holds at most `limit` connections."""
    server = HttpServer(app, "127.0.0.1", 0, limit=limit, shutdown_grace=1)
    # Signals are for whoever runs the tests.
    task = asyncio.create_task(server._serve())
    try:
        while not server.started:
            assert not task.done(), "the server did not start"
            await asyncio.sleep(0.01)
        yield server
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def serve_on_loopback(app: Any) -> AsyncIterator[str]:
    """The same; gives its address."""
    async with running_server(app) as server:
        yield f"http://127.0.0.1:{server.port}"
