"""The embedded Convex of `local/`: the real backend functions behind real HTTP, in a process."""

import os
import queue
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[3]
API_KEY = "embedded-test-key-0123456789"
# Seconds; a busy machine takes a while to compile the TypeScript.
_START_TIMEOUT = 120.0
# Runs within the backend, whose functions read the environment at every call.
_READ_KEYS = """data:text/javascript,
import { createInterface } from "node:readline";
const setKey = (line) => { process.env.CONVEX_API_KEY = line; };
createInterface({ input: process.stdin }).on("line", setKey);
"""


def why_not_available() -> str | None:
    """Why the embedded backend cannot run here, `None` where it can."""
    if shutil.which("node") is None:
        return "Node.js is not installed: the embedded backend cannot run"
    if not (ROOT / "node_modules" / "tsx").exists():
        return "run `npm ci` first: the embedded backend lacks its packages"
    return None


@dataclass
class EmbeddedBackend:
    """One running backend. Its jobs belong to a user called `alice`."""

    url: str
    site_url: str
    http: httpx.Client
    process: subprocess.Popen[str]
    _headers: dict[str, str] = field(default_factory=dict)

    def create(self, job_id: str) -> str:
        """Makes a job's row; returns the job's ticket."""
        ticket = self._call("mutation", "create", {"jobId": job_id})["ticket"]
        assert isinstance(ticket, str)
        return ticket

    def row(self, job_id: str) -> dict[str, Any] | None:
        """The row as its user sees it."""
        row: dict[str, Any] | None = self._call("query", "get", {"jobId": job_id})
        return row

    def set_key(self, key: str) -> None:
        """Changes the deployment's CONVEX_API_KEY, as `npx convex env set` does."""
        assert self.process.stdin is not None
        self.process.stdin.write(key + "\n")
        self.process.stdin.flush()
        deadline = time.monotonic() + _START_TIMEOUT
        headers = {"Authorization": f"Bearer {key.split(',')[0]}"}
        # The first key is new at every step of a rotation, so that it tells of the change.
        while self.http.get(f"{self.site_url}/health", headers=headers).status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def cancel(self, job_id: str) -> None:
        self._call("mutation", "cancel", {"jobId": job_id})

    def remove(self, job_id: str) -> None:
        self._call("mutation", "remove", {"jobId": job_id})

    def segments(self, job_id: str) -> list[dict[str, Any]]:
        """The whole transcript, over all pages."""
        row = self.row(job_id)
        assert row is not None
        pages = [
            self._call("query", "transcript", {"jobId": job_id, "page": page})
            for page in range(int(row["pageCount"]))
        ]
        return [segment for page in pages for segment in page["segments"]]

    def _call(self, kind: str, function: str, arguments: dict[str, Any]) -> Any:
        if not self._headers:
            token = self.http.get(f"{self.url}/dev/token?subject=alice").json()["token"]
            self._headers = {"Authorization": f"Bearer {token}"}
        answer = self.http.post(
            f"{self.url}/api/{kind}",
            json={
                "path": f"transcriptionJobs:{function}",
                "args": [arguments],
                "format": "convex_encoded_json",
            },
            headers=self._headers,
        ).json()
        assert answer["status"] == "success", answer
        return answer["value"]


@contextmanager
def embedded_backend(key: str = API_KEY) -> Iterator[EmbeddedBackend]:
    """Starts one at free ports; its data is gone when it stops."""
    process = subprocess.Popen(
        [
            *("node", "--import", "tsx", "--import", _READ_KEYS, "local/src/cli.ts"),
            *("--port", "0", "--site-port", "0"),
        ],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        env={**os.environ, "CONVEX_API_KEY": key},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        url, site_url = _wait_for_addresses(process)
        with httpx.Client(timeout=30, trust_env=False) as http:
            yield EmbeddedBackend(url, site_url, http, process)
    finally:
        process.terminate()
        process.wait(timeout=30)
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()


def _wait_for_addresses(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Reads what the backend prints, and goes on reading so that it never blocks."""
    assert process.stdout is not None
    output = process.stdout
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        try:
            for line in output:
                lines.put(line)
        except ValueError:  # closed at the end of the test
            pass
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    said: list[str] = []
    found: dict[str, str] = {}
    while len(found) < 2:
        line = lines.get(timeout=_START_TIMEOUT)
        if line is None:
            raise RuntimeError(f"the embedded backend ended: {''.join(said)}")
        said.append(line)
        if match := re.match(r"\s*(CONVEX_URL|CONVEX_SITE_URL)\s+(http://\S+)", line):
            found[match[1]] = match[2]
    return found["CONVEX_URL"], found["CONVEX_SITE_URL"]
