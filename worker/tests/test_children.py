"""Processes of their own, as the decoder and the engine have them."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import aclosing
from pathlib import Path

import pytest

from transcription_worker.children import ChildCrashedError, run_child


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "ModuleMaker":
    """Makes a module that a child can run."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return ModuleMaker(tmp_path)


class ModuleMaker:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, body: str) -> str:
        head = "import os, signal, sys, time\n"
        text = head + "from transcription_worker.children import end_with_parent, say\n"
        (self._folder / "child_under_test.py").write_text(text + textwrap.dedent(body))
        return "child_under_test"


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # Where nobody collects orphans, a dead one stays in the table of processes.
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_until_gone(pid: int) -> None:
    """Fails after half a minute, which no healthy machine needs."""
    deadline = time.monotonic() + 30
    while is_alive(pid):
        assert time.monotonic() < deadline, "the child is still there"
        time.sleep(0.02)


async def test_gives_what_the_child_says(module: ModuleMaker) -> None:
    name = module("say({'args': sys.argv[1:]}); say({'text': 'ä\\n' * 100_000})")
    said = [message async for message in run_child(name, "a", "b c")]
    assert said == [{"args": ["a", "b c"]}, {"text": "ä\n" * 100_000}]


async def test_a_child_that_fails_raises_with_its_last_line(module: ModuleMaker) -> None:
    name = module("say({'n': 1}); raise ValueError('why it failed')")
    said = run_child(name)
    assert await anext(said) == {"n": 1}
    with pytest.raises(ChildCrashedError, match="ValueError: why it failed") as caught:
        await anext(said)
    assert caught.value.code == 1


async def test_a_child_that_is_killed_raises_with_the_signal(module: ModuleMaker) -> None:
    name = module("os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(ChildCrashedError) as caught:
        await anext(run_child(name))
    assert caught.value.code == -signal.SIGKILL


async def test_a_child_that_hangs_is_killed(module: ModuleMaker) -> None:
    name = module("say({'pid': os.getpid()}); time.sleep(3600)")
    said = run_child(name, quiet_limit=5)
    pid = (await anext(said))["pid"]
    with pytest.raises(ChildCrashedError, match="said nothing for 5 seconds") as caught:
        await anext(said)
    assert caught.value.code == -signal.SIGKILL
    wait_until_gone(pid)


async def test_closing_kills_the_child(module: ModuleMaker) -> None:
    name = module("say({'pid': os.getpid()}); time.sleep(3600)")
    async with aclosing(run_child(name)) as said:
        pid = (await anext(said))["pid"]
        assert is_alive(pid)
    wait_until_gone(pid)


async def test_cancelling_the_reader_kills_the_child(module: ModuleMaker) -> None:
    name = module("end_with_parent(); say({'pid': os.getpid()}); time.sleep(3600)")
    started: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def read() -> None:
        async for message in run_child(name):
            started.set_result(message["pid"])

    task = asyncio.create_task(read())
    pid = await started
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    wait_until_gone(pid)


async def test_signals_for_the_service_do_not_end_a_child(module: ModuleMaker) -> None:
    name = module(
        """
        end_with_parent()
        for number in (signal.SIGTERM, signal.SIGINT):
            os.kill(os.getpid(), number)
        say({"alive": True})
        """
    )
    assert [message async for message in run_child(name)] == [{"alive": True}]


def test_a_child_ends_when_its_parent_is_killed(module: ModuleMaker, tmp_path: Path) -> None:
    name = module("end_with_parent(); say({'pid': os.getpid()}); time.sleep(3600)")
    parent = textwrap.dedent(
        f"""
        import asyncio
        from transcription_worker.children import run_child

        async def main():
            async for message in run_child("{name}"):
                print(message["pid"], flush=True)

        asyncio.run(main())
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        process.kill()
    wait_until_gone(pid)


async def test_the_current_folder_is_no_part_of_the_program(
    module: ModuleMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = module("say({'ok': True})")
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "json.py").write_text("raise SystemExit('not the json that was meant')")
    monkeypatch.chdir(folder)
    assert [message async for message in run_child(name)] == [{"ok": True}]
