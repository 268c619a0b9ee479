"""A server in a process of its own that has few file descriptors; its log is its stderr.

Run as a program: `limited_server.py <descriptors> <connections>`; it prints its port.
"""

import asyncio
import logging
import resource
import sys

from fastapi import FastAPI

from transcription_worker.api.server import HttpServer

app = FastAPI()


@app.get("/health")
def health() -> dict[str, bool]:
    return {"ok": True}


async def main(descriptors: int, connections: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
    server = HttpServer(app, "127.0.0.1", 0, limit=connections or None)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    print(server.port, flush=True)
    await task


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
