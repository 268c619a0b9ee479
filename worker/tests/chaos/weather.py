"""What lies between a worker and Convex: a proxy whose weather changes."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from support.scripted_server import (
    Answer,
    Close,
    Garbage,
    Received,
    Reply,
    Reset,
    ScriptedServer,
    Truncated,
    refused,
    scripted_server,
)

WEATHER = (
    "drops",
    "lost answers",
    "truncated",
    "delays",
    "doubled",
    "foreign pages",
    "our refusals",
    "garbage",
    "down",
)
_FOREIGN_STATUSES = (*range(200, 207), *range(300, 309), *range(400, 452), *range(500, 512), 529)
_PASSED_ON = ("authorization", "content-type")


class Weather:
    """`now` is one of `WEATHER`, or "calm"; three of four requests meet it."""

    def __init__(self, server: ScriptedServer, http: httpx.AsyncClient, chance: random.Random):
        self.now = "calm"
        self._server = server
        self._http = http
        self._chance = chance
        server.scripts_batches = True
        server.script = self._reply

    @property
    def url(self) -> str:
        return self._server.url

    async def change(self, weather: str) -> None:
        """From now on this is what requests meet."""
        if "down" in (weather, self.now) and weather != self.now:
            await (self._server.stop() if weather == "down" else self._server.start())
        self.now = weather

    async def _reply(self, request: Received) -> Reply:
        weather = self.now if self._chance.random() < 0.75 else "calm"
        match weather:
            case "drops":
                return Close()
            case "lost answers":
                await self._forward(request)
                return Reset()
            case "truncated":
                return Truncated((await self._forward(request)).body)
            case "delays":
                await asyncio.sleep(self._chance.uniform(0.5, 7))
            case "doubled":
                await asyncio.gather(self._forward(request), self._forward(request))
            case "foreign pages":
                status = self._chance.choice(_FOREIGN_STATUSES)
                return Answer(status, b"<html><body>Something else</body></html>")
            case "our refusals":
                return self._chance.choice(
                    [
                        refused(401, "unauthorized"),
                        refused(404, "job_not_found", {"Retry-After": "1"}),
                        refused(500, "internal_error"),
                        refused(503, "unavailable", {"Retry-After": "1"}),
                        refused(503, "not_configured"),
                    ]
                )
            case "garbage":
                return Garbage()
        return await self._forward(request)

    async def _forward(self, request: Received) -> Answer:
        headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        answer = await self._http.request(
            request.method, request.path, content=request.body, headers=headers
        )
        kept = {name: answer.headers[name] for name in ("retry-after",) if name in answer.headers}
        return Answer(answer.status_code, answer.content, kept)


@asynccontextmanager
async def weather_before(target: str, chance: random.Random) -> AsyncIterator[Weather]:
    """A proxy before `target`."""
    async with (
        httpx.AsyncClient(base_url=target, timeout=60, trust_env=False) as http,
        scripted_server() as server,
    ):
        yield Weather(server, http, chance)
