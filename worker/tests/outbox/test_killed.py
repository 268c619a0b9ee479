"""`kill -9` at any moment: what was put is not lost, and no number means two things."""

import asyncio
import random
import sys
from collections import defaultdict
from itertools import count
from pathlib import Path

import pytest

from support import reporter
from support.embedded_backend import API_KEY, EmbeddedBackend
from support.faulty_proxy import faulty_proxy

KILLS = 20
SEGMENTS = 400
_numbers = count()


@pytest.mark.slow
async def test_killed_at_twenty_random_moments(backend: EmbeddedBackend, tmp_path: Path) -> None:
    chance = random.Random(20)
    jobs = [f"killed-{next(_numbers)}" for _ in range(4)]
    for job in jobs:
        backend.create(job)
    put = dict.fromkeys(jobs, -1)
    kills = 0
    async with faulty_proxy(backend.site_url, faults=0.1, seed=20) as proxy:
        while True:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                str(reporter.__file__),
                *(str(tmp_path / "file"), proxy.url, API_KEY, str(SEGMENTS), *jobs),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
            assert process.stdout is not None
            reading = asyncio.create_task(process.stdout.readuntil(b"begins"))
            await reading
            if kills < KILLS:
                kills += 1
                await asyncio.sleep(chance.random() * 0.25)
                process.kill()
            output = (b"begins" + await process.stdout.read()).decode()
            await process.wait()
            for line in output.splitlines():
                match line.split():
                    case ["begins", job, number]:
                        assert int(number) > put[job], f"{job}: a put that had returned is lost"
                    case ["put", job, number]:
                        put[job] = max(put[job], int(number))
            if process.returncode == 0:
                assert output.endswith("done\n")
                break
        sent = proxy.updates
    assert kills == KILLS
    for job in jobs:
        row = backend.row(job)
        assert row is not None
        assert row["status"] == "completed"
        texts = [segment["text"] for segment in backend.segments(job)]
        assert texts == [f"s{number}" for number in range(SEGMENTS)]
    contents: dict[tuple[str, int], set[str]] = defaultdict(set)
    for update in sent:
        contents[update["jobId"], update["sequence"]].add(str(update))
    assert all(len(versions) == 1 for versions in contents.values())
