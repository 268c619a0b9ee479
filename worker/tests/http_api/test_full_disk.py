"""A full disk refuses an upload with 507 wherever it shows, and leaves nothing of it behind."""

import asyncio
import errno
import os
import sqlite3
from pathlib import Path

import httpx
import pytest

from support.api_harness import MAX_UPLOAD, Api, bearer
from support.logs import capture_logs
from support.recording import SPEECH
from support.upload_forms import SlowUpload, file_head, form_headers, part
from transcription_worker.queue import DISK_RESERVE_BYTES, UploadFiles


async def _allow_no_growth(api: Api) -> None:
    """From now on SQLite says "database or disk is full" where its file would grow."""

    def limit(connection: sqlite3.Connection) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")

    await api.harness.database.read(limit)


async def _allow_growth(api: Api) -> None:
    await api.harness.database.read(
        lambda connection: connection.execute("PRAGMA max_page_count = 1000000")
    )


def _fill_disk(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing an upload meets the system's own "No space left on device"."""

    def upload(upload_id: str) -> Path:
        path = api.harness.recording.parent / "uploads" / f"{upload_id}.upload"
        if not path.is_symlink():
            path.symlink_to("/dev/full")
        return path

    monkeypatch.setattr(api.harness.files, "upload", upload)


async def _is_refused_without_trace(api: Api, answer: httpx.Response) -> None:
    assert answer.status_code == 507
    assert answer.json()["error"] == {
        "code": "disk_full",
        "message": "The worker's disk is full: try again later.",
    }
    assert {path.name for path in api.harness.recording.parent.glob("uploads/*")} == set()
    assert await api.harness.service.get("job-1") is None


async def test_while_its_file_is_written(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        _fill_disk(api, patch)
        # Both a file that is written at the end, and one that is written on the way.
        for content in (SPEECH.read_bytes(), bytes(1_900_000)):
            await _is_refused_without_trace(api, await api.upload("job-1", content))
    assert (await api.upload("job-1")).status_code == 202


async def test_before_its_file_is_written(api: Api) -> None:
    await _allow_no_growth(api)
    with pytest.raises(Exception, match="full"):
        for number in range(1_000):
            await api.harness.service.begin_upload(f"filler-{number}", "x" * 255)
    content = part("job_id", b"job-1") + file_head(b"x" * 255) + SPEECH.read_bytes()
    answer = await api.http.post(
        "/transcribe-job", content=content + b"\r\n--b--\r\n", headers=form_headers()
    )
    await _is_refused_without_trace(api, answer)


async def test_as_it_is_put_into_the_queue(api: Api) -> None:
    slow = SlowUpload(api, fields={"initial_prompt": "x" * 4_000, "hotwords": "y" * 4_000})
    task = asyncio.create_task(slow.send())
    await slow.under_way()
    await _allow_no_growth(api)
    slow.go_on.set()
    await _is_refused_without_trace(api, await task)
    await _allow_growth(api)
    assert (await api.upload("job-1")).status_code == 202


async def test_as_its_file_is_made_durable(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def sync(_upload_id: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(api.harness.files, "sync", sync)
        await _is_refused_without_trace(api, await api.upload("job-1"))
    assert (await api.upload("job-1")).status_code == 202


async def test_before_it_would_take_the_reserve(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    length = len(SPEECH.read_bytes())
    monkeypatch.setattr(api.harness.files, "free_bytes", lambda: api.harness.files.reserve + length)
    # The form around the file is too much.
    await _is_refused_without_trace(api, await api.upload("job-1"))
    monkeypatch.setattr(
        api.harness.files, "free_bytes", lambda: api.harness.files.reserve + length + 10_000
    )
    assert (await api.upload("job-1")).status_code == 202


async def test_before_one_without_a_length_would_take_it(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        api.harness.files, "free_bytes", lambda: api.harness.files.reserve + 100_000
    )
    slow = SlowUpload(api)
    slow.go_on.set()
    await _is_refused_without_trace(api, await slow.send())


async def test_what_cannot_be_forgotten_hides_no_answer(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_upload_id: str, _after_commit: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch, capture_logs() as logs:
        patch.setattr(api.harness.store, "abandon_upload", fail)
        answer = await api.upload("job-1", b"no audio at all")
        assert answer.json()["error"]["code"] == "unsupported_audio"
        answer = await api.upload("job-2", b"x" * (MAX_UPLOAD + 1))
        assert answer.json()["error"]["code"] == "payload_too_large"
    assert len([log for log in logs if log["event"] == "upload_not_abandoned"]) == 2
    assert (await api.upload("job-1")).status_code == 202


def test_the_reserve_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = UploadFiles(tmp_path)
    monkeypatch.setattr(files, "free_bytes", lambda: DISK_RESERVE_BYTES + 5)
    assert files.has_room(5)
    assert not files.has_room(6)


async def test_health_says_how_much_room_is_left(api: Api) -> None:
    free = (await api.http.get("/health")).json()["disk"]["freeBytes"]
    assert free > 0
    assert (await api.http.get("/health", headers=bearer("x"))).status_code == 200
