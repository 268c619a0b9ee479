"""Clients that are no good: connections that send what a test says, and no more."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

HALF_HEAD = b"GET /health HTTP/1.1\r\nHost: "
WHOLE_HEAD = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"


@dataclass
class RawClient:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def status(self) -> int:
        """The status of the next answer, whose body is read too."""
        async with asyncio.timeout(60):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = head.partition("content-length: ")[2].partition("\r\n")[0]
            await self.reader.readexactly(int(length))
        return int(head.split(" ")[1])

    async def is_closed(self) -> bool:
        """Waits until the server closes the connection without another byte."""
        async with asyncio.timeout(60):
            try:
                return await self.reader.read(1) == b""
            except ConnectionError:
                return True

    @property
    def was_closed(self) -> bool:
        """Whether the server has closed it by now."""
        return self.reader.at_eof() or self.reader.exception() is not None


@asynccontextmanager
async def raw_clients(port: int, number: int, data: bytes = b"") -> AsyncIterator[list[RawClient]]:
    """So many connections, opened one after the other, each of which has sent `data`."""
    clients: list[RawClient] = []
    try:
        for _ in range(number):
            clients.append(RawClient(*await asyncio.open_connection("127.0.0.1", port)))
            clients[-1].writer.write(data)
        yield clients
    finally:
        for client in clients:
            client.writer.transport.abort()


@asynccontextmanager
async def raw_client(port: int, data: bytes = b"") -> AsyncIterator[RawClient]:
    """One of them."""
    async with raw_clients(port, 1, data) as (client,):
        yield client
