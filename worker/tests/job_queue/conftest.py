"""Fixtures of the queue's tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.queue_harness import Harness, queue_harness
from support.scripted_server import ScriptedServer


@pytest.fixture
async def harness(tmp_path: Path, server: ScriptedServer) -> AsyncIterator[Harness]:
    """A queue that runs one job at a time."""
    async with queue_harness(tmp_path, server) as running:
        yield running
