"""One seed: jobs are uploaded to a worker while everything around it fails, then all must be well.

The worker is a process with the real service on a real, small disk; Convex is the embedded backend
behind a proxy. What fails, and when, is the seed's.
"""

import asyncio
import contextlib
import os
import random
import signal
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from support.embedded_backend import API_KEY, EmbeddedBackend
from support.recording import speech_pcm, write_wav
from support.small_disk import SmallDisk
from transcription_worker.audio import SAMPLE_RATE
from transcription_worker.tickets import sign_ticket

from .weather import WEATHER, Weather
from .worker import transcript

_TESTS = Path(__file__).resolve().parents[1]
_FAR = 4_000_000_000
_JOBS = 5
# A job that kills its worker three times is given up, so a seed may do it twice.
_MOST_KILLS = 2
# Seconds until a broken program counts as hung.
_LIMIT = 240.0
_CLOCK_STEPS = (-40_000, 40_000, -1_300_000_000, 1_300_000_000)


@dataclass
class Report:
    """What happened. Times in seconds; `drained` is from the heal until nothing older waits."""

    seed: int
    faults: Counter[str] = field(default_factory=Counter)
    drained: float = 0.0
    stops: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


class Chaos:
    """One worker, its disk, its weather and its jobs."""

    def __init__(
        self, seed: int, backend: EmbeddedBackend, weather: Weather, disk: SmallDisk, port: int
    ) -> None:
        self.report = Report(seed)
        self._chance = random.Random(seed)
        self._backend = backend
        self._weather = weather
        self._disk = disk
        self._url = f"http://127.0.0.1:{port}"
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(_TESTS),
            "CONVEX_SITE_URL": weather.url,
            "CONVEX_API_KEY": API_KEY,
            "DATA_DIR": str(disk.path / "data"),
            "WORKER_PORT": str(port),
            "MAX_CONCURRENT_JOBS": "2",
        }
        self._log = (disk.path.parent / f"worker-{seed}.log").open("wb")
        self._process: asyncio.subprocess.Process | None = None
        self._supervised = True
        self._kills = 0
        self._jobs: dict[str, list[str]] = {}

    async def run(self, seconds: float) -> Report:
        """Everything fails for so long; then the jobs have to end as they should."""
        supervisor = asyncio.create_task(self._supervise())
        uploads = [asyncio.create_task(self._upload(number)) for number in range(_JOBS)]
        try:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                await asyncio.sleep(self._chance.uniform(0.1, 0.8))
                await self._chance.choice(self._faults())()
            await self._heal()
            async with asyncio.timeout(_LIMIT):
                await asyncio.gather(*uploads)
                await self._ended()
            await self._check()
        finally:
            self._supervised = False
            supervisor.cancel()
            for task in uploads:
                task.cancel()
            await self._stop()
            await asyncio.gather(supervisor, *uploads, return_exceptions=True)
            self._log.close()
        return self.report

    def _faults(self) -> Sequence[Callable[[], Awaitable[None]]]:
        return [
            *[self._change_weather] * 5,
            self._kill,
            self._stop,
            self._fill_disk,
            self._lock_file,
            self._step_clock,
        ]

    async def _change_weather(self) -> None:
        weather = self._chance.choice(WEATHER)
        self.report.faults[weather] += 1
        await self._weather.change(weather)

    async def _kill(self) -> None:
        if self._kills < _MOST_KILLS and self._process is not None:
            self._kills += 1
            self.report.faults["kill -9"] += 1
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def _stop(self) -> None:
        """SIGTERM: it has to end by itself."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        self.report.faults["SIGTERM"] += 1
        began = time.monotonic()
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(60):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
        self.report.stops.append(time.monotonic() - began)

    async def _fill_disk(self) -> None:
        self.report.faults["full disk"] += 1
        await asyncio.to_thread(self._disk.fill)
        await asyncio.sleep(self._chance.uniform(0.5, 3))
        self._disk.clear()

    async def _lock_file(self) -> None:
        path = self._disk.path / "data" / "worker.sqlite3"
        if not path.exists():
            return
        self.report.faults["locked file"] += 1
        connection = sqlite3.connect(path, isolation_level=None, timeout=0)
        with contextlib.suppress(sqlite3.Error):
            connection.execute("BEGIN IMMEDIATE")
            await asyncio.sleep(self._chance.uniform(0.5, 5))
        connection.close()

    async def _step_clock(self) -> None:
        process = self._process
        if process is None or process.stdin is None:
            return
        self.report.faults["clock step"] += 1
        with contextlib.suppress(ConnectionError):
            process.stdin.write(f"clock {self._chance.choice(_CLOCK_STEPS)}\n".encode())
            await process.stdin.drain()

    async def _heal(self) -> None:
        await self._weather.change("calm")
        began = time.monotonic()
        async with asyncio.timeout(_LIMIT):
            while not await self._is_drained(time.monotonic() - began):
                await asyncio.sleep(0.2)
        self.report.drained = time.monotonic() - began

    async def _is_drained(self, since_heal: float) -> bool:
        """Whether nothing waits that was put before the heal."""
        outbox = (await self._health() or {}).get("outbox")
        if outbox is None:
            return False
        oldest = outbox.get("oldestAgeSeconds")
        return oldest is None or oldest < since_heal

    async def _health(self) -> dict[str, Any] | None:
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
                answer = await http.get(f"{self._url}/health")
        except httpx.HTTPError:
            return None
        return answer.json() if answer.status_code == 200 else None

    async def _supervise(self) -> None:
        """Starts the worker again whenever it has ended, as a service manager does."""
        while self._supervised:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "chaos.worker",
                env=self._environment,
                cwd=self._disk.path.parent,
                stdin=asyncio.subprocess.PIPE,
                stdout=self._log,
                stderr=self._log,
            )
            await self._process.wait()
            await asyncio.sleep(0.2)

    async def _upload(self, number: int) -> None:
        job_id = f"chaos-{self.report.seed}-{number}-{time.time_ns()}"
        await asyncio.sleep(self._chance.uniform(0, 6))
        tenths = self._chance.randrange(5, 30)
        samples = tenths * SAMPLE_RATE // 10
        path = self._disk.path.parent / f"{job_id}.wav"
        recording = await asyncio.to_thread(write_wav, path, speech_pcm()[: samples * 2])
        await asyncio.to_thread(self._backend.create, job_id)
        self._jobs[job_id] = transcript(tenths / 10)
        headers = {"Authorization": f"Bearer {sign_ticket(API_KEY, job_id, _FAR)}"}
        content = recording.read_bytes()
        while True:
            with contextlib.suppress(httpx.HTTPError):
                async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
                    answer = await http.post(
                        f"{self._url}/transcribe-job",
                        data={"job_id": job_id},
                        files={"file": ("a.wav", content, "audio/wav")},
                        headers=headers,
                    )
                # 409: a try whose answer was lost had been taken.
                if answer.status_code in (202, 409):
                    return
            await asyncio.sleep(0.5)

    async def _ended(self) -> None:
        while True:
            rows = await asyncio.gather(
                *(asyncio.to_thread(self._backend.row, job_id) for job_id in self._jobs)
            )
            if all(row is not None and "completedAt" in row for row in rows):
                return
            await asyncio.sleep(0.3)

    async def _check(self) -> None:
        """Every row is what the job's script says."""
        for job_id, texts in self._jobs.items():
            row = await asyncio.to_thread(self._backend.row, job_id)
            segments = await asyncio.to_thread(self._backend.segments, job_id)
            said = [segment["text"] for segment in segments]
            state = (row or {}).get("status"), (row or {}).get("progress")
            if state != ("completed", 100) or said != texts:
                error = (row or {}).get("error")
                self.report.wrong.append(f"{job_id}: {state}, {error}, {said} for {texts}")
        health = await self._health()
        if health is None or health["outbox"]["dead"] or health["outbox"]["waiting"]:
            self.report.wrong.append(f"the outbox at the end: {health}")
