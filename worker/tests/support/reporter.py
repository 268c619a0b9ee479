"""A worker process that reports jobs until it is killed, and goes on where it was when restarted.

`python reporter.py FILE URL KEY SEGMENTS JOB…` prints `begins JOB N` for what its file says at the
start, `put JOB N` when the put of segment N has returned, and `done` when all is delivered.
"""

import asyncio
import sys

from transcription_worker import ConvexClient, Database, Outbox


async def report(outbox: Outbox, database: Database, job: str, segments: int) -> None:
    row = await database.fetch_one(
        "SELECT segments_end, last_status FROM outbox_jobs WHERE job_id = ?", (job,)
    )
    begin: int = row["segments_end"] if row else 0
    print("begins", job, begin, flush=True)
    for number in range(begin, segments):
        item = {"start": number, "end": number + 1, "text": f"s{number}"}
        await outbox.put(
            {
                "job_id": job,
                "status": "processing",
                "progress": 100 * number / segments,
                "segments": {"offset": number, "items": [item]},
            }
        )
        print("put", job, number, flush=True)
        await asyncio.sleep(0.002)
    if row is None or row["last_status"] != "completed":
        end = {"job_id": job, "status": "completed"}
        await database.write(lambda c: outbox.put_within(c, end), after_commit=outbox.was_put)


async def main(path: str, url: str, key: str, segments: str, *jobs: str) -> None:
    database = await Database.open(path)
    async with ConvexClient(url, key) as client:
        outbox = await Outbox.open(database, client)
        outbox.start()
        await asyncio.gather(*(report(outbox, database, job, int(segments)) for job in jobs))
        while not await outbox.flush(1):
            pass
        await outbox.stop()
    await database.close()
    print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
