"""A job queue with everything real around it, but for the engine and Convex."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.recording import speech_pcm, write_wav
from support.scripted_server import ScriptedServer
from support.step_engine import StepEngine
from support.waiting import until
from transcription_worker import ConvexClient, Database, Outbox, OutboxSettings
from transcription_worker.audio import probe_audio
from transcription_worker.engines import TranscriptionOptions
from transcription_worker.queue import (
    JobQueueService,
    QueueOptions,
    SqliteJobStore,
    UploadFiles,
)

# Every update goes out at once and by itself.
UNPACED = OutboxSettings(
    progress_interval=0, progress_step=0, sign_of_life_interval=0, removed_after=1.0
)


@dataclass
class Harness:
    database: Database
    outbox: Outbox
    store: SqliteJobStore
    service: JobQueueService
    engine: StepEngine
    files: UploadFiles
    server: ScriptedServer
    recording: Path

    async def submit(self, job_id: str, options: TranscriptionOptions | None = None) -> str:
        """Uploads half a second of speech; the answer is the upload's id."""
        upload_id = await self.service.begin_upload(job_id, f"{job_id}.wav")
        content = self.recording.read_bytes()
        self.files.upload(upload_id).write_bytes(content)
        info = await probe_audio(self.files.upload(upload_id), 60)
        taken = await self.service.enqueue(
            upload_id, len(content), info, options or TranscriptionOptions()
        )
        assert taken
        return upload_id

    async def status(self, job_id: str) -> str:
        job = await self.service.get(job_id)
        assert job is not None
        return job.view.status.value

    def updates(self, job_id: str) -> list[dict[str, Any]]:
        """What Convex got for a job."""
        return [update for update in self.server.updates if update["jobId"] == job_id]

    async def ended(self, job_id: str) -> dict[str, Any]:
        """The update that ended a job, once Convex has it."""
        return await until(
            lambda: next(
                (
                    update
                    for update in self.updates(job_id)
                    if update["status"] in ("completed", "failed", "cancelled")
                ),
                None,
            )
        )

    def file_names(self) -> set[str]:
        return {path.name for path in self.files.upload("x").parent.iterdir()}


@asynccontextmanager
async def queue_harness(
    folder: Path,
    server: ScriptedServer,
    options: QueueOptions | None = None,
    *,
    start: bool = True,
    reserve: int = 0,
) -> AsyncIterator[Harness]:
    """A queue in `folder` that reports to `server`; it stops within ten seconds."""
    files = UploadFiles(folder / "uploads", reserve=reserve)
    recording = write_wav(folder / "half-a-second.wav", speech_pcm()[:16_000])
    database = await Database.open(folder / "worker.sqlite3")
    try:
        async with ConvexClient(server.url, "secret-key") as client:
            outbox = await Outbox.open(database, client, UNPACED)
            store = await SqliteJobStore.open(database, outbox)
            engine = StepEngine()
            service = JobQueueService(store, engine, files, options or QueueOptions())
            outbox.on_outcome(service.on_outcome)
            outbox.on_removed(service.on_removed)
            if start:
                await service.start()
            outbox.start()
            try:
                yield Harness(database, outbox, store, service, engine, files, server, recording)
            finally:
                async with asyncio.timeout(10):
                    await service.stop()
                await outbox.stop()
    finally:
        await database.close()
