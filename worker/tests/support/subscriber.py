"""A real Convex subscriber: the published client, over the sync WebSocket."""

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from support.embedded_backend import ROOT, EmbeddedBackend

_SCRIPT = """
import { ConvexClient } from "convex/browser";
import { anyApi } from "convex/server";
const [url, jobId] = process.argv.slice(1);
const client = new ConvexClient(url);
client.setAuth(async () => (await (await fetch(`${url}/dev/token?subject=alice`)).json()).token);
client.onUpdate(anyApi.transcriptionJobs.get, { jobId }, (row) => console.log(JSON.stringify(row)));
"""


@contextmanager
def subscribe(backend: EmbeddedBackend, job_id: str) -> Iterator[list[dict[str, Any]]]:
    """Every state of a job's row that an open page is shown, as they come."""
    rows: list[dict[str, Any]] = []
    first = threading.Event()
    process = subprocess.Popen(
        ["node", "--input-type=module", "--eval", _SCRIPT, backend.url, job_id],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            rows.append(json.loads(line))
            first.set()

    reader = threading.Thread(target=read)
    reader.start()
    try:
        assert first.wait(timeout=60), "the subscriber was shown nothing"
        yield rows
    finally:
        process.kill()
        process.wait()
        reader.join()
        assert process.stdout is not None
        process.stdout.close()
