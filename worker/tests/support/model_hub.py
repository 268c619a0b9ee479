"""A server that speaks enough of the Hugging Face Hub's protocol to download a model from it."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

_COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class ModelHub:
    """Has one model, the files of `folder`. `cut_after`: bytes of a file before the line is cut.

    `gate`: a file's second half is sent when it is set. `sent` counts bytes of files. `claimed`:
    the size that the hub says each file has, where that is not true.
    """

    folder: Path
    url: str = ""
    cut_after: int | None = None
    claimed: int | None = None
    gate: threading.Event = field(default_factory=threading.Event)
    sent: int = 0

    @cached_property
    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.folder.iterdir()}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: ModelHub

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has
        """Says nothing."""

    def do_HEAD(self) -> None:
        self._file(with_body=False)

    def do_GET(self) -> None:
        parts = urlsplit(self.path).path.strip("/").split("/")
        if parts[:2] != ["api", "models"]:
            self._file(with_body=True)
            return
        files = self.hub.files.items()
        if "tree" in parts:
            self._json(
                [
                    {"type": "file", "path": name, "size": len(content), "oid": _sha1(content)}
                    for name, content in files
                ]
            )
            return
        siblings = [
            {
                "rfilename": name,
                "size": self.hub.claimed or len(content),
                "blobId": _sha1(content),
            }
            for name, content in files
        ]
        self._json({"id": "/".join(parts[2:4]), "sha": _COMMIT, "siblings": siblings})

    def _json(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _file(self, *, with_body: bool) -> None:
        content = self.hub.files.get(self.path.rpartition("/")[2])
        if content is None:
            self.send_error(404)
            return
        ranged = self.headers.get("Range", "") if with_body else ""
        begin = int(ranged.removeprefix("bytes=").split("-")[0]) if ranged else 0
        self.send_response(206 if ranged else 200)
        if ranged:
            self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - begin))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", f'"{_sha1(content)}"')
        self.send_header("X-Repo-Commit", _COMMIT)
        self.end_headers()
        if with_body:
            self._send(content[begin:])

    def _send(self, content: bytes) -> None:
        hub = self.hub
        if hub.cut_after is not None and len(content) > hub.cut_after:
            self._write(content[: hub.cut_after])
            self.close_connection = True
            return
        middle = len(content) // 2
        self._write(content[:middle])
        hub.gate.wait()
        self._write(content[middle:])

    def _write(self, content: bytes) -> None:
        try:
            self.wfile.write(content)
        except ConnectionError:  # whoever asked for it was killed
            self.close_connection = True
        else:
            self.hub.sent += len(content)


def _sha1(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


@contextmanager
def model_hub(folder: Path) -> Iterator[ModelHub]:
    """A running one, on loopback; its gate is open."""
    hub = ModelHub(folder)
    hub.gate.set()
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield hub
    finally:
        hub.gate.set()
        server.shutdown()
        server.server_close()
        thread.join()
