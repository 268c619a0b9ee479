"""A real HTTP server on loopback that answers, or misbehaves, as a test tells it to."""

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

BATCH_PATH = "/updateTranscriptionJobs"


@dataclass(frozen=True)
class Received:
    """One request; `at` is the event loop's time."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float
    connection: int

    @property
    def each(self) -> "list[Received]":
        """The updates of a batch as requests of their own."""
        return [replace(self, body=json.dumps(update).encode()) for update in self.json["updates"]]

    @property
    def json(self) -> dict[str, Any]:
        value = json.loads(self.body)
        assert isinstance(value, dict)
        return value


@dataclass(frozen=True)
class Answer:
    """A status with a body, after `delay` seconds; `drip` seconds pass between two bytes of it."""

    status: int = 200
    body: bytes | dict[str, Any] = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    drip: float = 0.0


class Hang:
    """No answer, for ever."""


class Reset:
    """The connection is reset."""


class Close:
    """The connection is closed without an answer."""


class Garbage:
    """Something that is not HTTP."""


@dataclass(frozen=True)
class Truncated:
    """The first half of an answer; then the connection is closed."""

    body: bytes | dict[str, Any]


@dataclass(frozen=True)
class Raw:
    """These bytes one by one, `drip` seconds apart; then the connection is closed."""

    content: bytes
    drip: float


Reply = Answer | Hang | Reset | Close | Garbage | Truncated | Raw
Script = Callable[[Received], Reply | Awaitable[Reply]]


def accepted(request: Received, **changes: object) -> Answer:
    """The endpoint's answer to an update that it took."""
    update = request.json
    row = {
        "ok": True,
        "jobId": update["jobId"],
        "outcome": "applied",
        "status": update["status"],
        "progress": update.get("progress", 0),
        "attempt": update.get("attempt", 1),
        "sequence": update.get("sequence"),
    }
    return Answer(200, row | changes)


def refused(
    status: int, code: str, headers: dict[str, str] | None = None, **more: object
) -> Answer:
    """The endpoint's answer to an update that it refused."""
    error = {"code": code, "message": f"it is {code}"} | more
    return Answer(status, {"ok": False, "error": error}, headers or {})


def first_then_accept(*replies: Reply) -> Script:
    """A script that gives these replies and then takes everything."""
    left = iter(replies)
    return lambda request: next(left, None) or accepted(request)


class ScriptedServer:
    """Answers with `script`, which may be replaced at any time; `received` is what came.

    The script is asked about each update of a batch, unless `scripts_batches`.
    """

    def __init__(self) -> None:
        self.script: Script = accepted
        self.scripts_batches = False
        self.received: list[Received] = []
        self.connections = 0
        self.under_way = 0
        self.most_under_way = 0
        self._port = 0
        self._server: asyncio.Server | None = None
        self._handlers: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def updates(self) -> list[dict[str, Any]]:
        """What came, alone or in batches."""
        return [
            one.json
            for request in self.received
            for one in (request.each if request.path == BATCH_PATH else [request])
        ]

    async def start(self) -> None:
        """Begins to listen: after a stop at the same port as before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Refuses connections and drops those that are open."""
        if self._server is None:
            return
        self._server.close()
        for handler in self._handlers:
            handler.cancel()
        await asyncio.gather(*self._handlers, return_exceptions=True)
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._handlers.add(task)
        task.add_done_callback(self._handlers.discard)
        self.connections += 1
        number = self.connections
        try:
            while await self._exchange(reader, writer, number):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _exchange(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int
    ) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:] if line)
        }
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        at = asyncio.get_running_loop().time()
        request = Received(method, path, headers, body, at, connection)
        self.received.append(request)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            reply = await self._reply(request)
            if isinstance(reply, Answer):
                await asyncio.sleep(reply.delay)
        finally:
            self.under_way -= 1
        return await _send(reply, writer)

    async def _reply(self, request: Received) -> Reply:
        """The script's reply; to a batch that of each update, or the first that is about all."""
        if request.path == BATCH_PATH and not self.scripts_batches:
            replies = [await _call(self.script, one) for one in request.each]
            for reply in replies:
                if not (isinstance(reply, Answer) and _is_of_one_update(reply)):
                    return reply
            return Answer(200, {"ok": True, "results": [_body(reply) for reply in replies]})
        return await _call(self.script, request)


async def _call(script: Script, request: Received) -> Reply:
    reply = script(request)
    return await reply if isinstance(reply, Awaitable) else reply


def _body(reply: Reply) -> dict[str, Any]:
    assert isinstance(reply, Answer)
    assert isinstance(reply.body, dict)
    return reply.body


def _is_of_one_update(answer: Answer) -> bool:
    """Whether it says nothing about the other updates of a batch: 413, 500 and 503 undo all."""
    return isinstance(answer.body, dict) and answer.status in (200, 400, 403, 404, 409)


async def _send(reply: Reply, writer: asyncio.StreamWriter) -> bool:
    """Sends one reply; whether the connection goes on."""
    match reply:
        case Hang():
            await asyncio.Event().wait()
        case Close():
            pass
        case Reset():
            raw: socket.socket = writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        case Raw(content, drip):
            for byte in content:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(drip)
        case Garbage():
            writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")
            await writer.drain()
        case Truncated(body):
            content = _encode(body)
            writer.write(b"HTTP/1.1 200 X\r\nContent-Length: %d\r\n\r\n" % len(content))
            writer.write(content[: len(content) // 2])
            await writer.drain()
        case Answer(status, body, headers, _, drip):
            content = _encode(body)
            lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(content)}"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
            step = 1 if drip else max(len(content), 1)
            for start in range(0, len(content), step):
                writer.write(content[start : start + step])
                await writer.drain()
                await asyncio.sleep(drip)
            await writer.drain()
            return True
    return False


def _encode(body: bytes | dict[str, Any]) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


@asynccontextmanager
async def scripted_server() -> AsyncIterator[ScriptedServer]:
    """A running server."""
    server = ScriptedServer()
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
