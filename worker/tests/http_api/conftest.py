"""Fixtures of the API's tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.api_harness import Api, api_harness
from support.scripted_server import ScriptedServer


@pytest.fixture
async def api(tmp_path: Path, server: ScriptedServer) -> AsyncIterator[Api]:
    """The API behind a real server; a test steps the engine."""
    async with api_harness(tmp_path, server) as running:
        yield running
