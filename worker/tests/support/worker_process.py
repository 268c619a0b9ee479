"""The service as a person starts it: `transcription-worker serve` in a process."""

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND = Path(sys.executable).with_name("transcription-worker")
_START_TIMEOUT = 120.0


@dataclass
class WorkerProcess:
    """A running service; `log` is what it has logged so far."""

    url: str
    process: subprocess.Popen[str]
    log: list[dict[str, Any]]

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        self.process.terminate()
        return self.process.wait(timeout=60)


def spawn(folder: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    """Starts the command with a data directory in `folder`."""
    return subprocess.Popen(
        [COMMAND, "serve", "--port", "0", "--data-dir", str(folder / "data")],
        cwd=folder,
        env={**os.environ, "TRANSCRIPTION_ENGINE": "pocketsphinx", **environment},
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def worker_process(folder: Path, **environment: str) -> Iterator[WorkerProcess]:
    """Starts a service and waits until it listens; kills it at the end, if it still runs."""
    process = spawn(folder, environment)
    log: list[dict[str, Any]] = []
    urls: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        assert process.stderr is not None
        with contextlib.suppress(ValueError):
            for line in process.stderr:
                if not line.startswith("{"):
                    log.append({"event": line})
                    continue
                log.append(json.loads(line))
                if log[-1]["event"] == "listening":
                    urls.put(log[-1]["url"])
        urls.put(None)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        url = urls.get(timeout=_START_TIMEOUT)
        assert url is not None, log
        yield WorkerProcess(url, process, log)
    finally:
        process.kill()
        process.wait()
        reader.join()
        assert process.stderr is not None
        process.stderr.close()
