"""The API behind a real server, with a queue whose engine the tests step."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from support.loopback import serve_on_loopback
from support.queue_harness import Harness, queue_harness
from support.recording import SPEECH
from support.scripted_server import ScriptedServer
from transcription_worker.api import ApiOptions, create_app
from transcription_worker.tickets import sign_ticket

KEYS = ("new-key", "old-key")
FAR = 4_000_000_000
MAX_UPLOAD = 2_000_000


def bearer(job_id: str, key: str = KEYS[0], expiry: int = FAR) -> dict[str, str]:
    return {"Authorization": f"Bearer {sign_ticket(key, job_id, expiry)}"}


@dataclass
class Api:
    """The API at `http`, over the queue of `harness`."""

    http: httpx.AsyncClient
    harness: Harness
    url: str

    async def upload(
        self,
        job_id: str,
        content: bytes = b"",
        headers: dict[str, str] | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        return await self.http.post(
            "/transcribe-job",
            data={"job_id": job_id, **(fields or {})},
            files={"file": ("talk.flac", content or SPEECH.read_bytes(), "audio/flac")},
            headers=bearer(job_id) if headers is None else headers,
        )

    async def job(self, job_id: str) -> Any:
        response = await self.http.get(f"/job/{job_id}", headers=bearer(job_id))
        assert response.status_code == 200, response.text
        return response.json()


@asynccontextmanager
async def api_harness(
    folder: Path, server: ScriptedServer, max_uploads: int = 64
) -> AsyncIterator[Api]:
    """The API over a queue in `folder` that reports to `server`."""
    async with queue_harness(folder, server) as harness:
        app = create_app(
            harness.service,
            harness.engine,
            harness.files,
            harness.outbox,
            ApiOptions(
                keys=KEYS,
                max_upload_bytes=MAX_UPLOAD,
                max_audio_seconds=60,
                max_uploads=max_uploads,
            ),
        )
        async with (
            serve_on_loopback(app) as url,
            httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as http,
        ):
            yield Api(http, harness, url)
