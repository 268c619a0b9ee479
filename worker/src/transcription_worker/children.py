"""Work in a process of its own, which can be stopped at once, and may crash without harm.

A child is a Python module that writes one JSON object a line to its standard output. It ends when
its standard input does, so that none outlives a service that was killed.
"""

import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import AsyncGenerator
from typing import Any, cast

# Bytes of one line: a segment with its words takes some kilobytes.
_MAX_LINE = 4 * 1024 * 1024
# Bytes of a child's last words that are kept; an error quotes their last line.
_MAX_STDERR = 2_000
# Seconds. A child says how far it is for each second of sound or less; one that says nothing for so
# long hangs, and its job must not stay "in progress" for ever.
_QUIET_LIMIT = 300.0


class ChildCrashedError(Exception):
    """A child ended in a way that it should not: `code` is its exit code, or minus a signal."""

    def __init__(self, module: str, code: int, last_words: str) -> None:
        super().__init__(f"{module} ended with code {code}: {last_words}")
        self.code = code


async def run_child(
    module: str, *args: str, quiet_limit: float = _QUIET_LIMIT
) -> AsyncGenerator[dict[str, Any]]:
    """Runs `python -m module args…` and gives what it writes, object by object.

    Closing the generator, or cancelling the task that reads it, kills the child. Raises
    `ChildCrashedError` where its exit code was not 0; a child that says nothing for `quiet_limit`
    seconds is killed.
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # whatever lies in the current folder is no part of this program
        "-m",
        module,
        *args,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=_MAX_LINE,
        start_new_session=True,
    )
    # Both are there: they are pipes.
    stdout, stderr = (
        cast("asyncio.StreamReader", child.stdout),
        cast("asyncio.StreamReader", child.stderr),
    )
    last_words = asyncio.ensure_future(_tail(stderr))
    try:
        while line := await _next_line(stdout, quiet_limit):
            yield json.loads(line)
        code = await child.wait()
        if code != 0:
            detail = (await last_words).strip().rpartition("\n")[2]
            raise ChildCrashedError(module, code, detail)
    except TimeoutError:
        last = f"killed: it said nothing for {quiet_limit:g} seconds"
        raise ChildCrashedError(module, -signal.SIGKILL, last) from None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
        last_words.cancel()


async def _next_line(stream: asyncio.StreamReader, quiet_limit: float) -> bytes:
    async with asyncio.timeout(quiet_limit):
        return await stream.readline()


async def _tail(stream: asyncio.StreamReader) -> str:
    kept = b""
    while chunk := await stream.read(65_536):
        kept = (kept + chunk)[-_MAX_STDERR:]
    return kept.decode(errors="replace")


def say(message: dict[str, object]) -> None:
    """Writes one object to the parent; for use in a child."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def end_with_parent() -> None:
    """Ends this process as soon as its parent is gone, and not before; for use in a child.

    Service managers and terminals signal every process of a service at once. A child that ended
    before the service knows that it is being stopped would look like a failed job.
    """
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def wait() -> None:
        # Not through `sys.stdin`: a buffer that a thread reads from cannot be closed at the end.
        while os.read(0, 1):
            pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
