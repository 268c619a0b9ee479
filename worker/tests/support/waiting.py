"""Waiting for what comes, with a limit that only a hung program reaches."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
_LIMIT = 60.0


async def until(probe: Callable[[], T | None]) -> T:
    """Calls `probe` until what it gives is true, and gives that."""

    async def call() -> T | None:
        return probe()

    return await until_async(call)


async def until_async(probe: Callable[[], Awaitable[T | None]]) -> T:
    """The same for a probe that is awaited."""
    async with asyncio.timeout(_LIMIT):
        while not (value := await probe()):
            await asyncio.sleep(0.01)
    return value
