"""Connections that hold places for nothing: half heads, idle ones, those that do not read."""

import asyncio
import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fastapi import FastAPI, Response

from support import limited_server
from support.logs import capture_logs
from support.loopback import running_server
from support.raw_clients import HALF_HEAD, WHOLE_HEAD, raw_client, raw_clients
from support.waiting import until
from transcription_worker import ConfigurationError
from transcription_worker.api import connections
from transcription_worker.api.connections import connection_limit
from transcription_worker.api.server import HttpServer, listen

LIMIT = 8


class Site:
    """An app on a server with few places; `/slow` answers when the test says so."""

    def __init__(self, server: HttpServer, go_on: asyncio.Event) -> None:
        self.server = server
        self.go_on = go_on

    @property
    def open(self) -> int:
        return len(self.server._connections)

    async def is_healthy(self) -> bool:
        async with raw_client(self.server.port, WHOLE_HEAD) as client:
            return await client.status() == 200


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    app, go_on = FastAPI(), asyncio.Event()

    @app.get("/health")
    async def health() -> dict[str, bool]:
        return {"ok": True}

    @app.get("/slow")
    async def slow() -> dict[str, bool]:
        await go_on.wait()
        return {"ok": True}

    @app.get("/large")
    async def large() -> Response:
        return Response(bytes(20_000_000))

    async with running_server(app, LIMIT) as server:
        yield Site(server, go_on)


async def test_half_heads_do_not_keep_others_out(site: Site) -> None:
    async with raw_clients(site.server.port, 5 * LIMIT, HALF_HEAD) as clients:
        assert await site.is_healthy()
        assert site.open <= LIMIT
        for client in clients[: 4 * LIMIT]:
            assert await client.is_closed()
        newest = clients[-1]
        assert not newest.was_closed
        await newest.send(b"x\r\n\r\n")
        assert await newest.status() == 200


async def test_idle_connections_make_room_too(site: Site) -> None:
    async with raw_clients(site.server.port, LIMIT, WHOLE_HEAD) as clients:
        for client in clients:
            assert await client.status() == 200
        assert await site.is_healthy()
        assert await clients[0].is_closed()


async def test_nobody_is_closed_while_the_server_works_for_them(site: Site) -> None:
    slow = WHOLE_HEAD.replace(b"health", b"slow")
    with capture_logs() as logs:
        async with (
            raw_clients(site.server.port, LIMIT - 1, slow) as clients,
            raw_clients(site.server.port, 3 * LIMIT, HALF_HEAD) as half,
        ):
            assert await site.is_healthy()
            for client in half[:-2]:
                assert await client.is_closed()
            await until(lambda: len(site.server.server_state.tasks) == LIMIT - 1)
            async with raw_client(site.server.port, slow) as last:
                await until(lambda: len(site.server.server_state.tasks) == LIMIT)
                # Every place is at work; who comes now is refused at once, and it is said once.
                for _ in range(20):
                    async with raw_client(site.server.port, WHOLE_HEAD) as refused:
                        assert await refused.is_closed()
                site.go_on.set()
                for client in [*clients, last]:
                    assert await client.status() == 200
    assert [log["event"] for log in logs if log["log_level"] == "warning"] == ["connection_refused"]


async def test_a_head_has_a_deadline_however_steadily_it_comes(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_HEAD_SECONDS", 0.3)
    async with raw_client(site.server.port, HALF_HEAD) as client:

        async def drip() -> None:
            while True:
                await client.send(b"x")
                await asyncio.sleep(0.05)

        dripping = asyncio.create_task(drip())
        assert await client.is_closed()
        dripping.cancel()
        await asyncio.gather(dripping, return_exceptions=True)
    assert await site.is_healthy()


@pytest.mark.parametrize("data", [b"", b"G"])
async def test_who_says_nothing_is_closed(
    data: bytes, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_HEAD_SECONDS", 0.1)
    async with raw_client(site.server.port, data) as client:
        assert await client.is_closed()


async def test_the_second_head_of_a_connection_has_a_deadline_too(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with raw_client(site.server.port, WHOLE_HEAD) as client:
        assert await client.status() == 200
        monkeypatch.setattr(connections, "_HEAD_SECONDS", 0.1)
        await client.send(WHOLE_HEAD + HALF_HEAD)
        assert await client.status() == 200
        assert await client.is_closed()


async def test_a_body_that_nobody_waits_for_has_a_deadline(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_LEFTOVER_SECONDS", 0.3)
    head = WHOLE_HEAD.replace(b"\r\n\r\n", b"\r\nContent-Length: 1000000\r\n\r\n")
    async with raw_client(site.server.port, head) as client:
        assert await client.status() == 200
        await client.send(b"x")
        assert await client.is_closed()


async def test_who_does_not_read_makes_room(site: Site) -> None:
    large = WHOLE_HEAD.replace(b"health", b"large")
    async with raw_clients(site.server.port, LIMIT, large):
        held = site.server.server_state.connections
        await until(lambda: sum(one.flow.write_paused for one in held) == LIMIT)  # type: ignore[union-attr]
        assert await site.is_healthy()


async def test_requests_that_are_no_http_are_one_line_in_the_log(site: Site) -> None:
    with capture_logs() as logs:
        async with raw_clients(site.server.port, 30, b"no http at all\r\n\r\n") as clients:
            for client in clients:
                assert await client.reader.readline() == b"HTTP/1.1 400 Bad Request\r\n"
    warnings = [log["event"] for log in logs if log["log_level"] == "warning"]
    assert warnings == ["Invalid HTTP request received."]


@contextmanager
def _process(descriptors: int, limit: int, log: Path) -> Iterator[int]:
    """`limited_server` in a process; gives its port."""
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, limited_server.__file__, str(descriptors), str(limit)],
            stdout=subprocess.PIPE,
            stderr=stderr,
        )
        with process:
            assert process.stdout is not None
            yield int(process.stdout.readline())
            process.terminate()
            assert process.wait(60) in (0, -15)


@pytest.mark.parametrize("limit", [0, 10_000], ids=["own limit", "without a limit"])
async def test_a_process_with_few_file_descriptors_goes_on(limit: int, tmp_path: Path) -> None:
    """400 half heads meet 100 descriptors, with our limit, and where only the system has one."""
    with _process(100, limit, tmp_path / "log") as port:
        async with raw_clients(port, 400, HALF_HEAD):
            async with raw_client(port, WHOLE_HEAD) as client:
                assert await client.status() == 200
            async with raw_client(port, WHOLE_HEAD) as client:
                assert await client.status() == 200
    logged = (tmp_path / "log").read_text()
    assert len(logged.splitlines()) < 30
    assert ("accept_failed" in logged) is (limit > 0)
    assert "Traceback" not in logged


@pytest.mark.parametrize(
    ("descriptors", "limit"), [(32, 8), (100, 18), (256, 96), (1024, 480), (2**20, 512)]
)
def test_places_leave_descriptors_for_all_else(descriptors: int, limit: int) -> None:
    assert connection_limit(descriptors) == limit


def test_a_warning_is_logged_once_in_ten_seconds_with_a_count() -> None:
    times = [0.0, 1.0, 9.9, 10.0, 11.0, 25.0]
    clock = iter([*times, 25.0])
    limit = connections.WarningLimit(10, lambda: next(clock))
    kept: list[int] = []
    for _ in times:
        record = logging.makeLogRecord({"levelno": 30, "msg": "accept_failed"})
        if limit.filter(record):
            kept.append(vars(record)["left_out"])
    assert kept == [0, 2, 1]
    assert limit.filter(logging.makeLogRecord({"levelno": 30, "msg": "other"}))
    assert limit.filter(logging.makeLogRecord({"levelno": 40, "msg": "accept_failed"}))


def test_every_address_of_a_name_is_listened_on() -> None:
    listeners = listen("localhost", 0)
    assert len({listener.getsockname()[1] for listener in listeners}) == 1
    port = listeners[0].getsockname()[1]
    with pytest.raises(ConfigurationError, match=f"port {port} of localhost: address already in"):
        listen("localhost", port)
    for listener in listeners:
        listener.close()


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1"])
def test_a_host_that_is_not_of_this_machine_is_named(host: str) -> None:
    with pytest.raises(ConfigurationError, match=f"port 8000 of {host}: "):
        listen(host, 8000)
