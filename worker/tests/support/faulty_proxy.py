"""A proxy on loopback that loses, doubles and delays what passes through it."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from .scripted_server import Answer, Close, Received, Reply, Reset, ScriptedServer, scripted_server

_PASSED_ON = ("authorization", "content-type")


@asynccontextmanager
async def faulty_proxy(target: str, *, faults: float, seed: int) -> AsyncIterator[ScriptedServer]:
    """A server that passes requests on to `target`; this share of them goes wrong."""
    chance = random.Random(seed)
    async with (
        httpx.AsyncClient(base_url=target, timeout=30, trust_env=False) as http,
        scripted_server() as server,
    ):

        async def forward(request: Received) -> Answer:
            headers = {name: request.headers[name] for name in _PASSED_ON}
            answer = await http.request(
                request.method, request.path, content=request.body, headers=headers
            )
            kept = {
                name: answer.headers[name] for name in ("retry-after",) if name in answer.headers
            }
            return Answer(answer.status_code, answer.content, kept)

        async def script(request: Received) -> Reply:
            if chance.random() >= faults:
                return await forward(request)
            match chance.choice(["lost", "refused", "answer lost", "doubled", "late"]):
                case "lost":
                    return Close()
                case "refused":
                    return Answer(503)
                case "answer lost":
                    await forward(request)
                    return Reset()
                case "doubled":
                    await asyncio.gather(forward(request), forward(request))
                    return await forward(request)
                case _:
                    await asyncio.sleep(0.05)
                    return await forward(request)

        server.script = script
        yield server
