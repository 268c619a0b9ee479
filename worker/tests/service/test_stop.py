"""The whole service stopped, or started, while its disk, its file or its engine does not help."""

import sqlite3
import sys
import time
from pathlib import Path

import httpx
import pytest

from support import worker_process as process
from support.embedded_backend import API_KEY
from support.recording import speech_pcm, write_wav
from support.small_disk import small_disk
from support.worker_process import WorkerProcess, worker_process
from transcription_worker.cli import main
from transcription_worker.tickets import sign_ticket

OFFLINE = {"CONVEX_SYNC_ENABLED": "false", "CONVEX_API_KEY": API_KEY}
# Most service managers kill a program that takes longer, and this machine may be busy.
STOP_SECONDS = 10
SLACK = 5

STUBBORN = """#!{python}
import asyncio, sys
from transcription_worker import service
from transcription_worker.cli import main
from transcription_worker.engines import EngineEvent

class Stubborn:
    name, status = "stubborn", None
    def check(self, options): pass
    def model_name(self, options): return "stubborn"
    async def close(self): pass
    async def transcribe(self, audio, options):
        yield EngineEvent(0.1)
        while True:
            try:
                await asyncio.sleep(1)
            except asyncio.CancelledError:
                pass

service.create_engine = lambda settings: Stubborn()
sys.exit(main())
"""


def upload(worker: WorkerProcess, folder: Path) -> None:
    recording = write_wav(folder / "talk.wav", speech_pcm())
    headers = {"Authorization": f"Bearer {sign_ticket(API_KEY, 'job-1', 4_000_000_000)}"}
    with httpx.Client(base_url=worker.url, headers=headers, trust_env=False, timeout=60) as http:
        files = {"file": recording.read_bytes()}
        answer = http.post("/transcribe-job", data={"job_id": "job-1"}, files=files)
        assert answer.status_code == 202
        while http.get("/job/job-1").json().get("stage") != "transcribing":
            time.sleep(0.05)


def stops(worker: WorkerProcess) -> None:
    begin = time.monotonic()
    assert worker.stop() == 0
    assert time.monotonic() - begin < STOP_SECONDS + SLACK
    assert worker.log[-1]["event"] == "service_stopped"


@pytest.mark.slow
def test_it_stops_while_another_process_holds_the_file(tmp_path: Path) -> None:
    with worker_process(tmp_path, **OFFLINE) as worker:
        upload(worker, tmp_path)
        path = tmp_path / "data" / "worker.sqlite3"
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        stops(worker)
        other.close()
    with worker_process(tmp_path, **OFFLINE) as worker:
        again = [log for log in worker.log if log["event"] == "job_runs_again"]
        assert [(log["attempt"], log["crashes"]) for log in again] == [(2, 0)]


@pytest.mark.slow
def test_it_stops_though_its_engine_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = tmp_path / "stubborn-worker"
    command.write_text(STUBBORN.format(python=sys.executable))
    command.chmod(0o755)
    monkeypatch.setattr(process, "COMMAND", command)
    with worker_process(tmp_path, **OFFLINE) as worker:
        upload(worker, tmp_path)
        stops(worker)


def start(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Starts the service where it cannot start; what it says on the way."""
    assert main(["serve", "--data-dir", str(folder), "--port", "0"]) == 2
    return capsys.readouterr().err.splitlines()


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in OFFLINE.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("offline")
def test_a_full_disk_at_the_start_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        disk.fill()
        said = start(disk.path / "data", capsys)
        assert [line for line in said if not line.startswith("{")] == [said[-1]]
        assert "disk is full" in said[-1]
        assert "DATA_DIR" in said[-1]


@pytest.mark.slow
def test_decoded_sound_that_filled_the_disk_makes_room_for_the_start(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 4) as disk:
        with worker_process(disk.path, **OFFLINE):
            pass
        sound = disk.path / "data" / "uploads" / "stale.pcm"
        sound.write_bytes(b"x" * 1_000_000)
        disk.fill()
        with worker_process(disk.path, **OFFLINE) as worker:
            assert not sound.exists()
            assert worker.stop() == 0
