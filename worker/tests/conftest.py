"""Fixtures for all tests."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from support.embedded_backend import EmbeddedBackend, embedded_backend, why_not_available
from support.scripted_server import ScriptedServer, scripted_server
from transcription_worker import ConvexClient, Database


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test depends on the settings, the .env or the directory of whoever runs it."""
    for name in list(os.environ):
        if name.startswith(("CONVEX_", "WHISPER_")) or name in ("DATA_DIR", "TRANSCRIPTION_ENGINE"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def backend() -> Iterator[EmbeddedBackend]:
    """The embedded Convex, one for all tests: use job ids that no other test uses."""
    reason = why_not_available()
    if reason is not None:
        pytest.skip(reason)
    with embedded_backend() as running:
        yield running


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    """A server that takes every update until a test tells it otherwise."""
    async with scripted_server() as running:
        yield running


@pytest.fixture
async def client(server: ScriptedServer) -> AsyncIterator[ConvexClient]:
    """A client of `server`."""
    async with ConvexClient(server.url, "secret-key") as running:
        yield running


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """An empty file."""
    opened = await Database.open(tmp_path / "worker.sqlite3")
    yield opened
    await opened.close()
