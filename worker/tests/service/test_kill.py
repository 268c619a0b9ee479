"""`kill -9` of the whole service at random moments: nothing is lost, nothing doubled."""

import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support import worker_process as worker_process_module
from support.embedded_backend import API_KEY, EmbeddedBackend
from support.recording import SENTENCES, speech_pcm, write_wav
from support.worker_process import WorkerProcess, spawn, worker_process

pytestmark = pytest.mark.slow

KILLS = 8
JOBS = ("kill-1", "kill-2", "kill-3")
# Two sentences; the longest that a service is left alone is as long as they take.
RECORDING_BYTES = 4 * 16_000 * 2
LONGEST_LIFE = 6.0


# A job that was running at three crashes has failed: it may be what kills the worker, but not here.
PATIENT = """#!{python}
import functools, sys
from transcription_worker import service
from transcription_worker.cli import main

service.QueueOptions = functools.partial(service.QueueOptions, max_crashes=50)
sys.exit(main())
"""


@pytest.fixture
def _patient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = tmp_path / "patient-worker"
    command.write_text(PATIENT.format(python=sys.executable))
    command.chmod(0o755)
    monkeypatch.setattr(worker_process_module, "COMMAND", command)


def _upload(worker: WorkerProcess, job_id: str, ticket: str, recording: Path) -> int:
    """The status of one upload, 0 where the service is gone."""
    try:
        answer = httpx.post(
            f"{worker.url}/transcribe-job",
            data={"job_id": job_id},
            files={"file": (recording.name, recording.read_bytes())},
            headers={"Authorization": f"Bearer {ticket}"},
            timeout=60,
            trust_env=False,
        )
    except httpx.HTTPError:
        return 0
    return answer.status_code


@pytest.mark.usefixtures("_patient")
def test_a_service_that_is_killed_again_and_again_finishes_its_jobs(
    backend: EmbeddedBackend, tmp_path: Path
) -> None:
    recording = write_wav(tmp_path / "talk.wav", speech_pcm()[:RECORDING_BYTES])
    environment = {"CONVEX_SITE_URL": backend.site_url, "CONVEX_API_KEY": API_KEY}
    tickets = {job_id: backend.create(job_id) for job_id in JOBS}
    with worker_process(tmp_path, **environment) as worker:
        for job_id, ticket in tickets.items():
            assert _upload(worker, job_id, ticket, recording) == 202
        worker.process.kill()
    for _ in range(KILLS - 1):
        process = spawn(tmp_path, environment)
        time.sleep(random.uniform(0, LONGEST_LIFE))
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()
    with worker_process(tmp_path, **environment) as worker:
        deadline = time.monotonic() + 240
        while not all("completedAt" in (backend.row(job_id) or {}) for job_id in JOBS):
            assert time.monotonic() < deadline, [backend.row(job_id) for job_id in JOBS]
            time.sleep(0.1)
        for job_id, ticket in tickets.items():
            row = backend.row(job_id)
            assert row is not None
            assert (row["status"], row["progress"]) == ("completed", 100)
            assert row["result"]["text"] == " ".join(SENTENCES[:2])
            texts = [segment["text"] for segment in backend.segments(job_id)]
            assert texts == list(SENTENCES[:2])
            # A finished job is never run again, and its file is never taken again.
            assert _upload(worker, job_id, ticket, recording) == 409
        time.sleep(0.5)
        health = httpx.get(f"{worker.url}/health", trust_env=False).json()
        assert health["jobs"] == {"waiting": 0, "running": 0}
        assert health["outbox"]["dead"] == 0
        assert worker.stop() == 0
    assert list((tmp_path / "data" / "uploads").iterdir()) == []


def test_an_upload_that_a_kill_cut_off_may_come_again(
    backend: EmbeddedBackend, tmp_path: Path
) -> None:
    environment = {"CONVEX_SITE_URL": backend.site_url, "CONVEX_API_KEY": API_KEY}
    ticket = backend.create("kill-upload")
    recording = write_wav(tmp_path / "talk.wav", speech_pcm()[:RECORDING_BYTES])
    head, tail = recording.read_bytes()[:60_000], recording.read_bytes()[60_000:]
    with worker_process(tmp_path, **environment) as worker:

        def body() -> Iterator[bytes]:
            yield (
                b'--b\r\nContent-Disposition: form-data; name="job_id"\r\n\r\nkill-upload\r\n'
                b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + head
            )
            while not list((tmp_path / "data" / "uploads").iterdir()):
                time.sleep(0.01)
            worker.process.kill()
            worker.process.wait()
            yield tail

        try:
            httpx.post(
                f"{worker.url}/transcribe-job",
                content=body(),
                headers={
                    "Authorization": f"Bearer {ticket}",
                    "Content-Type": "multipart/form-data; boundary=b",
                },
                trust_env=False,
            )
            raise AssertionError("the killed service answered")
        except httpx.HTTPError:
            pass
    with worker_process(tmp_path, **environment) as worker:
        assert list((tmp_path / "data" / "uploads").iterdir()) == []
        assert _upload(worker, "kill-upload", ticket, recording) == 202
        while "completedAt" not in (backend.row("kill-upload") or {}):
            time.sleep(0.05)
