"""A queue on a disk that a test may fill and a file that it may lock, started again and again.

Nothing is sent: what the outbox holds is what Convex would get. The decoder is the real one, called
in this process, so that a test of many cases need not start many.
"""

import asyncio
import json
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from support.recording import speech_pcm, write_wav
from support.step_engine import StepEngine
from transcription_worker import AudioInfo, Database, Outbox
from transcription_worker.audio import PcmAudio
from transcription_worker.audio.decode import decode
from transcription_worker.audio.files import Decoding
from transcription_worker.engines import TranscriptionOptions
from transcription_worker.queue import (
    JobQueueService,
    QueueOptions,
    SqliteJobStore,
    UploadFiles,
)


class Files(UploadFiles):
    """Files on a disk that says it is full where the test wants that."""

    is_full = False

    def free_bytes(self) -> int:
        return -1 if self.is_full else super().free_bytes()


class Decoder:
    """The real decoder; `gate` holds it up before its last step."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.calls = 0
        self.notice: str | None = None

    async def __call__(
        self, path: Path, target: Path, max_seconds: float
    ) -> AsyncGenerator[Decoding]:
        self.calls += 1
        decoded = decode(path, target, max_seconds, lambda seconds: None)
        audio = PcmAudio(target, decoded.samples)
        yield Decoding(audio.duration / 2)
        await self.gate.wait()
        yield Decoding(audio.duration, audio, self.notice)


@dataclass
class Queue:
    """One start of the worker's queue."""

    database: Database
    store: SqliteJobStore
    service: JobQueueService
    files: Files
    engine: StepEngine
    decoder: Decoder

    async def begin(self, job_id: str, content: bytes) -> str:
        upload_id = await self.service.begin_upload(job_id, f"{job_id}.wav")
        self.files.upload(upload_id).write_bytes(content)
        return upload_id

    async def enqueue(self, upload_id: str) -> bool:
        info = AudioInfo(duration=0.5, format="wav")
        return await self.service.enqueue(upload_id, 16_000, info, TranscriptionOptions())

    async def message(self, job_id: str) -> str | None:
        job = await self.service.get(job_id)
        return job.view.message if job else None


@dataclass
class World:
    """What outlives a start."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    content: bytes = b""
    options: QueueOptions = field(default_factory=QueueOptions)
    seconds: float = 0.5

    def __post_init__(self) -> None:
        pcm = speech_pcm()[: int(self.seconds * 16_000) * 2]
        path = write_wav(self.folder / "speech.wav", pcm)
        self.content = path.read_bytes()
        path.unlink()
        # The shortest times with which everything still happens in its order.
        self.monkeypatch.setattr("transcription_worker.database._BUSY_TIMEOUT_MS", 20)
        for module in ("run", "service"):
            self.monkeypatch.setattr(f"transcription_worker.queue.{module}.AFTER_FAULT", 0.02)

    @property
    def path(self) -> Path:
        return self.folder / "worker.sqlite3"

    @asynccontextmanager
    async def queue(self, *, start: bool = True) -> AsyncIterator[Queue]:
        """A started queue, which stops within ten seconds."""
        files, decoder = Files(self.folder / "uploads", reserve=0), Decoder()
        self.monkeypatch.setattr("transcription_worker.queue.run.decode_audio", decoder)
        files.remove_sound()
        database = await Database.open(self.path)
        try:
            store = await SqliteJobStore.open(database, await Outbox.open(database, None))
            engine = StepEngine()
            service = JobQueueService(store, engine, files, self.options)
            if start:
                await service.start()
            try:
                yield Queue(database, store, service, files, engine, decoder)
            finally:
                async with asyncio.timeout(10):
                    await service.stop()
        finally:
            await database.close()

    def file_names(self) -> set[str]:
        return {path.name for path in (self.folder / "uploads").iterdir()}

    def ends(self) -> dict[str, list[dict[str, Any]]]:
        """The ends that Convex would be told, by job, each with its attempt's segments."""
        connection = sqlite3.connect(self.path)
        connection.row_factory = sqlite3.Row
        try:
            ends: dict[str, list[dict[str, Any]]] = {}
            for row in connection.execute(
                "SELECT * FROM outbox_updates WHERE status IN ('completed', 'failed', 'cancelled')"
            ).fetchall():
                segments = connection.execute(
                    "SELECT body FROM outbox_segments WHERE job_id = ? AND attempt = ?"
                    " ORDER BY position",
                    (row["job_id"], row["attempt"]),
                )
                texts = [json.loads(body)["text"] for (body,) in segments]
                end = json.loads(row["body"]) | {"attempt": row["attempt"], "texts": texts}
                ends.setdefault(row["job_id"], []).append(end)
            return ends
        finally:
            connection.close()

    def rows(self, columns: str) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self.path)
        try:
            return connection.execute(
                f"SELECT {columns} FROM queue_jobs ORDER BY job_id"
            ).fetchall()
        finally:
            connection.close()


def lock(path: Path) -> sqlite3.Connection:
    """Another process that is in the middle of a write; closing it ends that."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return other
