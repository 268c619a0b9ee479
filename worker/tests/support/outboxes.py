"""Outboxes for tests: quick where the numbers do not matter."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from transcription_worker import ConvexClient, Database, Outbox, OutboxSettings

QUICK = OutboxSettings(
    progress_interval=0.0,
    progress_step=0.0,
    sign_of_life_interval=0.0,
    batch_window=0.0,
    first_pause=0.01,
    short_pause=0.05,
    longest_pause=0.1,
    key_pauses=(0.05, 0.1),
    removed_after=0.2,
    refresh_interval=0.1,
    stop_grace=1.0,
)


def quick(**changes: Any) -> OutboxSettings:
    return replace(QUICK, **changes)


@asynccontextmanager
async def running_outbox(
    database: Database, client: ConvexClient, settings: OutboxSettings = QUICK
) -> AsyncIterator[Outbox]:
    """An outbox that sends until the block ends."""
    outbox = await Outbox.open(database, client, settings)
    outbox.start()
    try:
        yield outbox
    finally:
        await outbox.stop()


async def until(condition: Callable[[], bool], timeout: float = 30.0) -> None:
    """Waits for something that must happen; the time is for a broken program only."""
    async with asyncio.timeout(timeout):
        while not condition():
            await asyncio.sleep(0.005)


def progress(job_id: str, percent: float, **fields: Any) -> dict[str, Any]:
    return {"job_id": job_id, "status": "processing", "progress": percent} | fields


def segment(number: int, text: str | None = None) -> dict[str, Any]:
    return {"start": number, "end": number + 1, "text": text or f"s{number}"}


def live(offset: int, count: int = 1) -> dict[str, Any]:
    return {"offset": offset, "items": [segment(offset + n) for n in range(count)]}
