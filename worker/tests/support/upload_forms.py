"""Uploads made by hand: in pieces, slowly, or cut off."""

import asyncio
from collections.abc import AsyncIterator, Mapping

import httpx

from support.api_harness import Api, bearer
from support.recording import SPEECH
from support.waiting import until_async


class SlowUpload:
    """An upload of `job-1` that waits in the middle of its file."""

    def __init__(
        self, api: Api, *, cut_off: bool = False, fields: Mapping[str, str] | None = None
    ) -> None:
        self.go_on = asyncio.Event()
        self._cut_off = cut_off
        self._api = api
        self._fields = fields or {}

    async def body(self) -> AsyncIterator[bytes]:
        content = SPEECH.read_bytes()
        for name, value in self._fields.items():
            yield part(name, value.encode())
        yield part("job_id", b"job-1") + file_head() + content[:100_000]
        await self.go_on.wait()
        if self._cut_off:
            raise ConnectionAbortedError
        yield content[100_000:] + b"\r\n--b--\r\n"

    async def send(self) -> httpx.Response:
        headers = form_headers()
        return await self._api.http.post("/transcribe-job", content=self.body(), headers=headers)

    async def under_way(self) -> None:
        """Waits until the worker takes in the file."""

        async def uploading() -> bool:
            job = await self._api.harness.service.get("job-1")
            return job is not None and job.state == "uploading"

        await until_async(uploading)


def part(name: str, value: bytes) -> bytes:
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
    return head.encode() + value + b"\r\n"


def file_head(name: bytes = b"talk.flac") -> bytes:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="'
    return head + name + b'"\r\nContent-Type: audio/flac\r\n\r\n'


def form_headers() -> dict[str, str]:
    return {**bearer("job-1"), "Content-Type": "multipart/form-data; boundary=b"}
