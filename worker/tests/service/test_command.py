"""`transcription-worker serve` as a command."""

import subprocess
import time
from pathlib import Path

import httpx
import pytest

from support.embedded_backend import API_KEY, EmbeddedBackend
from support.recording import speech_pcm, write_wav
from support.worker_process import COMMAND, worker_process
from transcription_worker.tickets import sign_ticket

OFFLINE = {"CONVEX_SYNC_ENABLED": "false", "CONVEX_API_KEY": API_KEY}


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *arguments],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({}, "CONVEX_URL is not set"),
        ({"CONVEX_URL": "http://127.0.0.1:3210"}, "CONVEX_API_KEY is not set"),
        ({"CONVEX_SYNC_ENABLED": "false"}, "no ticket can be checked"),
        ({**OFFLINE, "TRANSCRIPTION_ENGINE": "openai"}, "OPENAI_API_KEY is not set"),
        ({**OFFLINE, "TRANSCRIPTION_ENGINE": "magic"}, "TRANSCRIPTION_ENGINE"),
        ({**OFFLINE, "MAX_CONCURRENT_JOBS": "0"}, "MAX_CONCURRENT_JOBS"),
        ({**OFFLINE, "DATA_DIR": "/dev/null/data"}, "cannot be written"),
    ],
)
def test_wrong_settings_stop_it_at_the_start(
    environment: dict[str, str], says: str, tmp_path: Path
) -> None:
    result = run(tmp_path, "serve", **environment)
    assert result.returncode == 2
    assert says in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.slow
def test_two_workers_on_one_folder_refuse_each_other(tmp_path: Path) -> None:
    with worker_process(tmp_path, **OFFLINE):
        result = run(tmp_path, "serve", "--data-dir", str(tmp_path / "data"), **OFFLINE)
        assert result.returncode == 2
        assert "another worker" in result.stderr.lower()


@pytest.mark.slow
def test_a_port_in_use_is_an_error(tmp_path: Path) -> None:
    with worker_process(tmp_path, **OFFLINE) as worker:
        port = worker.url.rpartition(":")[2]
        result = run(
            tmp_path, "serve", "--port", port, "--data-dir", str(tmp_path / "b"), **OFFLINE
        )
        assert result.returncode != 0
        assert "address already in use" in result.stderr


@pytest.mark.slow
def test_it_works_without_convex(tmp_path: Path) -> None:
    recording = write_wav(tmp_path / "talk.wav", speech_pcm()[:44_000])
    headers = {"Authorization": f"Bearer {sign_ticket(API_KEY, 'job-1', 4_000_000_000)}"}
    with (
        worker_process(tmp_path, **OFFLINE) as worker,
        httpx.Client(base_url=worker.url, headers=headers, trust_env=False, timeout=60) as http,
    ):
        answer = http.post(
            "/transcribe-job", data={"job_id": "job-1"}, files={"file": recording.read_bytes()}
        )
        assert answer.status_code == 202
        while (row := http.get("/job/job-1").json())["status"] != "completed":
            time.sleep(0.05)
        assert row["result"]["text"] == "this is a test"
        assert http.get("/health").json()["outbox"]["blocked"] == "sending is turned off"
        assert worker.stop() == 0
    (stopped,) = [log for log in worker.log if log["event"] == "outbox_stopped"]
    assert (stopped["waiting"] > 0, stopped["dead"]) == (True, 0)
    logged = str(worker.log)
    assert "this is a test" not in logged
    assert API_KEY not in logged
    assert headers["Authorization"] not in logged


@pytest.mark.slow
def test_a_stop_puts_running_jobs_back(backend: EmbeddedBackend, tmp_path: Path) -> None:
    ticket = backend.create("stop-1")
    recording = write_wav(tmp_path / "talk.wav", speech_pcm())
    environment = {"CONVEX_SITE_URL": backend.site_url, "CONVEX_API_KEY": API_KEY}
    with worker_process(tmp_path, **environment) as worker:
        httpx.post(
            f"{worker.url}/transcribe-job",
            data={"job_id": "stop-1"},
            files={"file": recording.read_bytes()},
            headers={"Authorization": f"Bearer {ticket}"},
            trust_env=False,
            timeout=60,
        )
        while not (backend.row("stop-1") or {}).get("segmentCount"):
            time.sleep(0.02)
        assert worker.stop() == 0
        assert worker.log[-1]["event"] == "service_stopped"
    row = backend.row("stop-1")
    assert row is not None
    assert row["status"] == "processing"
    with worker_process(tmp_path, **environment):
        while "completedAt" not in (row := backend.row("stop-1") or {}):
            time.sleep(0.05)
    assert (row["status"], row["attempt"]) == ("completed", 2)
    assert row["segmentCount"] == 5
