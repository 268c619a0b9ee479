"""An endpoint on loopback that takes every update, in a process of its own."""

import asyncio
import json
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection


@contextmanager
def accepting_server() -> Iterator[str]:
    """The address of a running one."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_main, args=(theirs,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()


def _main(pipe: Connection) -> None:
    asyncio.run(_listen(pipe))


async def _listen(pipe: Connection) -> None:
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    pipe.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            _, _, length = head.partition(b"content-length: ")
            update = json.loads(await reader.readexactly(int(length.split(b"\r\n", 1)[0])))
            answer = json.dumps(
                {
                    "ok": True,
                    "jobId": update["jobId"],
                    "outcome": "applied",
                    "status": update["status"],
                    "progress": update.get("progress", 0),
                    "attempt": update.get("attempt", 1),
                    "sequence": update.get("sequence"),
                }
            ).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(answer), answer))
    except asyncio.IncompleteReadError:
        writer.close()
