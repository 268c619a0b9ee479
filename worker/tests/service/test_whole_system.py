"""From an upload over the worker and the embedded backend to a real subscriber."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.embedded_backend import (
    API_KEY,
    EmbeddedBackend,
    embedded_backend,
    why_not_available,
)
from support.loopback import serve_on_loopback
from support.queue_harness import UNPACED
from support.recording import SENTENCES, SPEECH, TRANSCRIPT, encode_speech, speech_pcm, write_wav
from support.subscriber import subscribe
from support.waiting import until, until_async
from support.whisper_model import TINY
from transcription_worker import OutboxSettings, load_settings
from transcription_worker.service import running_service

pytestmark = pytest.mark.slow


class Page:
    """What a page does with the worker's API."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def upload(self, job_id: str, ticket: str, path: Path = SPEECH) -> httpx.Response:
        return await self._http.post(
            "/transcribe-job",
            data={"job_id": job_id},
            files={"file": (path.name, path.read_bytes())},
            headers={"Authorization": f"Bearer {ticket}"},
        )

    async def job(self, job_id: str, ticket: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {ticket}"}
        row: dict[str, Any] = (await self._http.get(f"/job/{job_id}", headers=headers)).json()
        return row


@asynccontextmanager
async def worker(
    backend: EmbeddedBackend,
    folder: Path,
    key: str = API_KEY,
    outbox_settings: OutboxSettings | None = None,
    **overrides: str,
) -> AsyncIterator[Page]:
    """The whole service, with pocketsphinx, for this backend."""
    given = {"engine": "pocketsphinx", "data_dir": folder / "data", **overrides}
    settings = load_settings(convex_site_url=backend.site_url, convex_api_key=key, **given)
    async with (
        running_service(settings, outbox_settings) as service,
        serve_on_loopback(service.app) as url,
        httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as http,
    ):
        yield Page(http)


def ended(backend: EmbeddedBackend, job_id: str) -> Callable[[], Awaitable[dict[str, Any] | None]]:
    async def probe() -> dict[str, Any] | None:
        row = backend.row(job_id)
        return row if row is not None and "completedAt" in row else None

    return probe


async def test_a_subscriber_sees_a_recording_being_transcribed(
    backend: EmbeddedBackend, tmp_path: Path
) -> None:
    ticket = backend.create("whole-1")
    path = encode_speech(tmp_path / "speech.mp3")
    with subscribe(backend, "whole-1") as rows:
        async with worker(backend, tmp_path, outbox_settings=UNPACED) as page:
            assert (await page.upload("whole-1", ticket, path)).status_code == 202
            await until(lambda: rows[-1]["status"] == "completed")
            own = await page.job("whole-1", ticket)
    statuses = [row["status"] for row in rows]
    assert list(dict.fromkeys(statuses)) == ["pending", "processing", "completed"]
    progress = [row["progress"] for row in rows]
    assert progress == sorted(progress)
    assert len(set(progress) - {0, 100}) >= 3
    assert {row.get("stage") for row in rows} >= {"decoding", "transcribing"}
    live = [row["segmentCount"] for row in rows if row["status"] == "processing"]
    assert any(0 < count < len(SENTENCES) for count in live)
    last = rows[-1]
    assert last["result"]["text"] == TRANSCRIPT
    assert [segment["text"] for segment in backend.segments("whole-1")] == list(SENTENCES)
    assert all("words" in segment for segment in backend.segments("whole-1"))
    # The fallback shows what the row shows; times of arrival are each machine's own.
    shared = last.keys() & own.keys() - {"createdAt", "updatedAt", "fileName", "fileSize"}
    assert {name: own[name] for name in shared} == {name: last[name] for name in shared}
    assert own.keys() - last.keys() <= {"fileName", "fileSize"}
    assert last.keys() - own.keys() == {"_id", "_creationTime", "userId", "pageCount", "reported"}


@pytest.mark.slow
async def test_whisper_transcribes_in_the_service(backend: EmbeddedBackend, tmp_path: Path) -> None:
    ticket = backend.create("whole-whisper")
    model = {"engine": "whisper", "whisper_model": str(TINY)}
    async with worker(backend, tmp_path, outbox_settings=UNPACED, **model) as page:
        assert (await page.upload("whole-whisper", ticket)).status_code == 202
        row = await until_async(ended(backend, "whole-whisper"))
    assert row["status"] == "completed"
    result = row["result"]
    assert result["text"].lower().replace(".", "") == TRANSCRIPT
    assert (result["language"], result["model"]) == ("en", f"whisper {TINY.name}")
    words = [word for segment in backend.segments("whole-whisper") for word in segment["words"]]
    assert len(words) == len(TRANSCRIPT.split())
    assert all(0 < word["confidence"] <= 1 for word in words)


async def test_the_default_pace_is_enough_for_the_end(
    backend: EmbeddedBackend, tmp_path: Path
) -> None:
    ticket = backend.create("whole-2")
    async with worker(backend, tmp_path) as page:
        await page.upload("whole-2", ticket)
        row = await until_async(ended(backend, "whole-2"))
    assert (row["status"], row["result"]["text"]) == ("completed", TRANSCRIPT)


async def test_a_cancel_on_convex_stops_the_engine(
    backend: EmbeddedBackend, tmp_path: Path
) -> None:
    ticket = backend.create("whole-3")
    long = write_wav(tmp_path / "long.wav", speech_pcm() * 20)
    async with worker(backend, tmp_path) as page:
        await page.upload("whole-3", ticket, long)
        await until(lambda: (backend.row("whole-3") or {}).get("segmentCount"))
        backend.cancel("whole-3")

        async def stopped() -> bool:
            return str((await page.job("whole-3", ticket))["status"]) == "cancelled"

        await until_async(stopped)
        # The engine's process reads this file; both are gone.
        await until(lambda: not list((tmp_path / "data" / "uploads").iterdir()))
    row = backend.row("whole-3")
    assert row is not None
    assert (row["status"], row["endedBy"]) == ("cancelled", "user")


async def test_a_job_that_convex_forgot_is_stopped(
    backend: EmbeddedBackend, tmp_path: Path
) -> None:
    ticket = backend.create("whole-4")
    long = write_wav(tmp_path / "long.wav", speech_pcm() * 20)
    quickly = OutboxSettings(removed_after=1.0)
    async with worker(backend, tmp_path, outbox_settings=quickly) as page:
        await page.upload("whole-4", ticket, long)
        await until(lambda: (backend.row("whole-4") or {}).get("segmentCount"))
        backend.cancel("whole-4")
        backend.remove("whole-4")
        await until(lambda: not list((tmp_path / "data" / "uploads").iterdir()))


@pytest.fixture
def convex() -> Iterator[EmbeddedBackend]:
    """A backend whose key may be changed."""
    if (reason := why_not_available()) is not None:
        pytest.skip(reason)
    with embedded_backend("old") as running:
        yield running


async def test_keys_rotate_without_a_gap(convex: EmbeddedBackend, tmp_path: Path) -> None:
    """Worker `old,new`, Convex `new,old`, worker `new`, Convex `new`: every upload goes through."""
    recording = write_wav(tmp_path / "short.wav", speech_pcm()[:44_000])
    tickets: dict[str, str] = {}

    async def goes_through(page: Page, job_id: str) -> None:
        ticket = tickets.get(job_id) or convex.create(job_id)
        assert (await page.upload(job_id, ticket, recording)).status_code == 202, job_id
        row = await until_async(ended(convex, job_id))
        assert (row["status"], row["result"]["text"]) == ("completed", SENTENCES[0])

    async with worker(convex, tmp_path, key="old") as page:
        await goes_through(page, "before")
    async with worker(convex, tmp_path, key="old,new") as page:
        await goes_through(page, "worker-knows-both")
        tickets["made-before"] = convex.create("made-before")
        convex.set_key("new,old")
        await goes_through(page, "made-before")
        await goes_through(page, "convex-signs-with-new")
        tickets["made-between"] = convex.create("made-between")
    async with worker(convex, tmp_path, key="new") as page:
        await goes_through(page, "made-between")
        tickets["made-late"] = convex.create("made-late")
        convex.set_key("new")
        await goes_through(page, "made-late")
        await goes_through(page, "after")
        # The old key is worth nothing now, on either side.
        job_id, old = "made-before", tickets["made-before"]
        assert (await page.upload(job_id, old, recording)).status_code == 401
    headers = {"Authorization": "Bearer old"}
    assert convex.http.get(f"{convex.site_url}/health", headers=headers).status_code == 401
