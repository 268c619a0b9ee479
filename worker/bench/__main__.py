"""`python -m bench`: the outbox, the client, the speech engines. Numbers, no verdicts."""

import asyncio
import logging
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from transcription_worker import ConvexClient, Database, JobUpdate, Outbox

from .engines import compare_engines
from .server import accepting_server

PUTS = 2_000
CALLS = 400
# One report for each second of a ten-minute job, played a hundred times as fast.
REPORTS = 600
SPEED = 100


def update(number: int) -> JobUpdate:
    """One of a job's reports, with the segment that was found."""
    return JobUpdate.parse(
        {
            "job_id": "bench",
            "status": "processing",
            "progress": 100 * number / max(PUTS, REPORTS),
            "stage": "transcribing",
            "segments": {
                "offset": number,
                "items": [{"start": number, "end": number + 1, "text": "a few words of speech"}],
            },
        }
    )


async def time_per_put(folder: Path) -> str:
    """Durable puts, one after the other, with nothing else to do."""
    database = await Database.open(folder / "puts.sqlite3")
    outbox = await Outbox.open(database, None)
    times = []
    for number in range(PUTS):
        began = time.perf_counter()
        await outbox.put(update(number))
        times.append((time.perf_counter() - began) * 1000)
    await database.close()
    last = statistics.quantiles(times, n=100)[-1]
    median = statistics.median(times)
    return f"put: {median:.2f} ms at the median, {last:.2f} ms at the 99th percentile"


async def requests_for_a_job(url: str, folder: Path) -> str:
    """A ten-minute job that reports every second, at the outbox's pace."""
    database = await Database.open(folder / "pace.sqlite3")
    async with ConvexClient(url, "bench") as client:
        outbox = await Outbox.open(database, client, clock=lambda: time.monotonic() * SPEED)
        outbox.start()
        begin = time.monotonic()
        for number in range(REPORTS):
            await outbox.put(update(number * max(PUTS, REPORTS) // REPORTS))
            await asyncio.sleep(max(0.0, begin + (number + 1) / SPEED - time.monotonic()))
        await outbox.put({"job_id": "bench", "status": "completed"})
        await outbox.flush(10)
        accepted = (await outbox.stats()).accepted
        await outbox.stop()
    await database.close()
    return f"a ten-minute job: {accepted} requests with merging, {REPORTS + 1} without"


async def calls_a_second(call: Callable[[int], Awaitable[object]]) -> float:
    """Updates that one caller sends after each other."""
    began = time.perf_counter()
    for number in range(CALLS):
        await call(number)
    return CALLS / (time.perf_counter() - began)


async def throughput(url: str) -> str:
    """One pooled client against a new one for each call."""

    async def with_a_new_client(number: int) -> None:
        async with ConvexClient(url, "bench") as client:
            await client.update_job_status(update(number))

    async with ConvexClient(url, "bench") as client:
        pooled = await calls_a_second(lambda number: client.update_job_status(update(number)))
    new = await calls_a_second(with_a_new_client)
    return (
        f"throughput: {pooled:.0f} updates/s with one client, {new:.0f} with a new one for each "
        f"call ({pooled / new:.1f} times)"
    )


async def main() -> None:
    """Prints every number."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as folder, accepting_server() as url:
        print(await time_per_put(Path(folder)))
        print(await requests_for_a_job(url, Path(folder)))
        print(await throughput(url))
        async for line in compare_engines(Path(folder)):
            print(line)


if __name__ == "__main__":
    asyncio.run(main())
