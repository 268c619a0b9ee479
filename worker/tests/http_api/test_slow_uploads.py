"""Uploads that come too slowly, and too many of them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType

import pytest

from support.api_harness import MAX_UPLOAD, Api, api_harness
from support.scripted_server import ScriptedServer
from support.upload_forms import SlowUpload, file_head, form_headers, part
from transcription_worker.api import multipart, receive
from transcription_worker.api.multipart import patience


@pytest.mark.parametrize(
    ("received", "waited", "seconds"),
    [
        (0, 0.0, 60.0),
        (1, 59.0, 1.0),
        (5, 120.0, -60.0),  # a byte a minute
        (1_000_000, 1_999.0, 60.0),  # 500 bytes a second
        (1_000_000, 2_050.0, 10.0),
        (10**9, 3_600.0, 60.0),
    ],
)
def test_how_long_a_sender_is_waited_for(received: int, waited: float, seconds: float) -> None:
    assert patience(received, waited) == pytest.approx(seconds, abs=0.1)


@pytest.mark.parametrize(
    ("part_that_drips", "module", "limit"),
    [
        ("file", multipart, "_IDLE"),
        ("field", multipart, "_IDLE"),
        ("field", receive, "_TICKET_SECONDS"),
    ],
)
async def test_a_steady_drip_does_not_hold_a_place(
    part_that_drips: str,
    module: ModuleType,
    limit: str,
    api: Api,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, limit, 0.5)

    async def body() -> AsyncIterator[bytes]:
        yield part("job_id", b"job-1")
        yield file_head() if part_that_drips == "file" else part("language", b"en")[:-4]
        for _ in range(40):
            yield b"x"
            await asyncio.sleep(0.05)

    answer = await api.http.post("/transcribe-job", content=body(), headers=form_headers())
    assert answer.status_code == 408
    assert answer.json()["error"]["code"] == "upload_stalled"
    assert api.harness.file_names() == set()
    assert await api.harness.service.get("job-1") is None


async def test_who_has_shown_a_ticket_may_take_longer(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receive, "_TICKET_SECONDS", 0.05)

    async def body() -> AsyncIterator[bytes]:
        # Nothing waits between the start of the deadline and the ticket.
        yield part("job_id", b"job-1") + file_head() + b"abc"
        await asyncio.sleep(0.1)
        yield b"def\r\n--b--\r\n"

    receiver = receive.UploadReceiver(
        api.harness.service, api.harness.files, MAX_UPLOAD, lambda _: None
    )
    assert (await receiver.receive(body(), b"b")).size == 6


async def test_too_many_uploads_are_told_to_come_back(
    tmp_path: Path, server: ScriptedServer
) -> None:
    async with api_harness(tmp_path, server, max_uploads=1) as api:
        slow = SlowUpload(api)
        task = asyncio.create_task(slow.send())
        await slow.under_way()
        answer = await api.upload("job-2")
        assert answer.status_code == 503
        assert answer.json()["error"]["code"] == "too_many_uploads"
        assert answer.headers["Retry-After"] == "5"
        assert (await api.http.get("/health")).status_code == 200
        slow.go_on.set()
        assert (await task).status_code == 202
        assert (await api.upload("job-2")).status_code == 202
