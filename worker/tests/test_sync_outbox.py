"""The outbox for synchronous code: threads, forks, interruptions and programs that just end."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest

from support.outboxes import QUICK, progress
from support.scripted_server import Hang, ScriptedServer, refused
from support.waiting import until
from transcription_worker import (
    AlreadyRunningError,
    ConfigurationError,
    ConvexClient,
    StorageError,
    SyncOutbox,
    UpdateOutcome,
    UsageError,
)

T = TypeVar("T")
COMPLETED = {"job_id": "job-1", "status": "completed", "result": {"text": "Good morning."}}


async def in_thread(work: Callable[[], T]) -> T:
    """The server runs in this thread's loop; nothing here takes a minute."""
    async with asyncio.timeout(60):
        return await asyncio.to_thread(work)


def opened(server: ScriptedServer, path: Path) -> SyncOutbox:
    return SyncOutbox.open(path / "worker.sqlite3", ConvexClient(server.url, "key"), QUICK)


def stored(path: Path) -> list[str]:
    """The jobs of the updates that wait in a file."""
    connection = sqlite3.connect(path / "worker.sqlite3")
    rows = connection.execute("SELECT job_id FROM outbox_updates ORDER BY id").fetchall()
    connection.close()
    return [job_id for (job_id,) in rows]


async def test_a_job_is_reported(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONVEX_SITE_URL", server.url)
    monkeypatch.setenv("CONVEX_API_KEY", "key")
    outcomes: list[tuple[str, UpdateOutcome]] = []

    def work() -> None:
        with SyncOutbox.from_env(tmp_path / "worker.sqlite3") as outbox:
            outbox.on_outcome(lambda job_id, outcome: outcomes.append((job_id, outcome)))
            assert outbox.put(progress("job-1", 42)) < outbox.put(COMPLETED)
            assert outbox.flush(30)
            assert (outbox.stats().waiting, outbox.stats().dead) == (0, 0)

    await in_thread(work)
    assert [update["status"] for update in server.updates][-1] == "completed"
    assert outcomes[-1][0] == "job-1"


async def test_threads_share_it(server: ScriptedServer, tmp_path: Path) -> None:
    def work() -> None:
        with opened(server, tmp_path) as outbox, ThreadPoolExecutor(8) as threads:
            jobs = [f"job-{number}" for number in range(40)]
            assert all(threads.map(lambda job: outbox.put(progress(job, 1)) > 0, jobs))
            assert outbox.flush(30)

    await in_thread(work)
    assert {update["jobId"] for update in server.updates} == {f"job-{n}" for n in range(40)}


async def test_a_flush_says_what_is_not_out(server: ScriptedServer, tmp_path: Path) -> None:
    server.script = lambda _: Hang()

    def work() -> None:
        with opened(server, tmp_path) as outbox:
            outbox.put(COMPLETED)
            assert not outbox.flush(0.1)

    await in_thread(work)
    assert stored(tmp_path) == ["job-1"]


def test_without_a_client_updates_wait(tmp_path: Path) -> None:
    with SyncOutbox.open(tmp_path / "worker.sqlite3", None) as outbox:
        outbox.put(COMPLETED)
        assert outbox.stats().blocked is not None
    assert stored(tmp_path) == ["job-1"]


def test_from_env_says_what_is_missing_and_honours_the_switch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigurationError, match="CONVEX_URL"):
        SyncOutbox.from_env(tmp_path / "worker.sqlite3")
    monkeypatch.setenv("CONVEX_SYNC_ENABLED", "false")
    with SyncOutbox.from_env(tmp_path / "worker.sqlite3") as outbox:
        outbox.put(COMPLETED)
    assert stored(tmp_path) == ["job-1"]


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / "text.sqlite3").write_text("this is no database, but a text of some length" * 9)
    with pytest.raises(StorageError):
        SyncOutbox.open(tmp_path / "text.sqlite3", None)
    with SyncOutbox.open(tmp_path / "worker.sqlite3", None), pytest.raises(AlreadyRunningError):
        SyncOutbox.open(tmp_path / "worker.sqlite3", None)
    for thread in [each for each in threading.enumerate() if each.name == "transcription-outbox"]:
        thread.join(60)
        assert not thread.is_alive()


def test_a_closed_one_says_so(tmp_path: Path) -> None:
    outbox = SyncOutbox.open(tmp_path / "worker.sqlite3", None)
    outbox.close()
    outbox.close()
    with pytest.raises(UsageError, match="closed") as caught:
        outbox.put(COMPLETED)
    assert caught.value.code == "closed"


def test_a_put_during_close_is_stored_or_refused(tmp_path: Path) -> None:
    outbox = SyncOutbox.open(tmp_path / "worker.sqlite3", None)
    taken: list[str] = []

    def put_until_closed(name: str) -> None:
        with pytest.raises(UsageError, match="closed"):
            for number in range(1_000_000):
                outbox.put(progress(f"{name}-{number}", 1))
                taken.append(f"{name}-{number}")

    threads = [threading.Thread(target=put_until_closed, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    while len(taken) < 20:
        pass
    outbox.close()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert set(taken) == set(stored(tmp_path))


async def test_a_callback_that_puts_is_told_and_hangs_nothing(
    server: ScriptedServer, tmp_path: Path
) -> None:
    codes: list[str] = []

    def work() -> None:
        with opened(server, tmp_path) as outbox:

            def put_again(*_: object) -> None:
                try:
                    outbox.put(COMPLETED)
                except UsageError as error:
                    codes.append(error.code)

            outbox.on_outcome(put_again)
            outbox.put(COMPLETED)
            assert outbox.flush(30)

    await in_thread(work)
    assert codes == ["from_callback"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_after_a_fork_it_says_what_to_do(tmp_path: Path) -> None:
    with SyncOutbox.open(tmp_path / "worker.sqlite3", None) as outbox:
        child = os.fork()
        if child == 0:
            try:
                outbox.put(COMPLETED)
            except UsageError as error:
                outbox.close()
                os._exit(0 if error.code == "after_fork" else 2)
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        outbox.put(COMPLETED)
    assert stored(tmp_path) == ["job-1"]


def program(code: str, folder: Path, site: str) -> subprocess.Popen[str]:
    environment = {"CONVEX_SITE_URL": site, "CONVEX_API_KEY": "key"}
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code],
        cwd=folder,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


ENDS = """
from transcription_worker import SyncOutbox
outbox = SyncOutbox.from_env("worker.sqlite3")
for number in range(10):
    outbox.put({"job_id": f"job-{number}", "status": "failed", "error": "no sound"})
"""


async def test_a_program_that_just_ends_loses_nothing_and_does_not_hang(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.script = lambda _: Hang()
    with program(ENDS, tmp_path, server.url) as running:
        _, stderr = await in_thread(running.communicate)
    assert (running.returncode, stderr) == (0, "")
    assert stored(tmp_path) == [f"job-{number}" for number in range(10)]


INTERRUPTED = """
from transcription_worker import SyncOutbox
with SyncOutbox.from_env("worker.sqlite3") as outbox:
    number = 0
    try:
        while True:
            outbox.put({"job_id": f"job-{number}", "status": "failed", "error": "no sound"})
            number += 1
            print(number, flush=True)
    except KeyboardInterrupt:
        outbox.put({"job_id": "after", "status": "failed", "error": "no sound"})
    print("put", number, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for one process")
async def test_an_interrupted_put_harms_nothing(server: ScriptedServer, tmp_path: Path) -> None:
    server.script = lambda _: refused(503, "unavailable")
    with program(INTERRUPTED, tmp_path, server.url) as running:
        assert running.stdout is not None
        assert await in_thread(running.stdout.readline) == "1\n"
        running.send_signal(signal.SIGINT)
        stdout, stderr = await in_thread(running.communicate)
    assert (running.returncode, stderr) == (0, "")
    number = int(stdout.split()[-1])
    jobs = stored(tmp_path)
    assert jobs[:number] == [f"job-{each}" for each in range(number)]
    assert jobs[number:] in (["after"], [f"job-{number}", "after"])


async def test_what_an_ended_program_left_is_sent_by_the_next(
    server: ScriptedServer, tmp_path: Path
) -> None:
    with SyncOutbox.open(tmp_path / "worker.sqlite3", None) as outbox:
        outbox.put(COMPLETED)
    outbox = await in_thread(lambda: opened(server, tmp_path))
    await until(lambda: server.updates)
    await in_thread(outbox.close)
    assert server.updates[0]["status"] == "completed"


async def test_a_close_does_not_wait_for_a_flush_of_another_thread(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.script = lambda _: Hang()

    def work() -> bool:
        outbox = opened(server, tmp_path)
        outbox.put(progress("job-1", 1))
        with ThreadPoolExecutor(1) as threads:
            flush = threads.submit(outbox.flush, 3600)
            while not server.received:
                time.sleep(0.01)
            outbox.close()
            return flush.result()

    assert await in_thread(work) is False
    assert stored(tmp_path) == ["job-1"]
