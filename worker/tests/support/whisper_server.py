"""An HTTP server of our own that answers `/audio/transcriptions` as OpenAI documents it.

It decodes what it gets and hears one sentence in each loud stretch, called by its length, so that
a test can tell from the answer what was sent and when in the audio it was.
"""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import av
from starlette.applications import Starlette
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from support.loopback import serve_on_loopback
from transcription_worker.audio.pcm import SAMPLE_RATE, loudest

KEY = "sk-test-0123456789"
# 50 ms: shorter than any pause between the sentences of the recording.
_WINDOW = SAMPLE_RATE // 20
_PAUSE_WINDOWS = 8
_LOUD = 300

Misbehaviour = Callable[[], Response] | None


def refusal(status: int, code: str, message: str, **headers: str) -> JSONResponse:
    """An error as the service writes it."""
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return JSONResponse(
        {"error": error}, status, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


@dataclass
class WhisperServer:
    """`next_answers` are given first, one a request; `None` there is a proper answer."""

    url: str = ""
    max_bytes: int = 25_000_000
    words_in_segments: bool = False
    forms: list[dict[str, Any]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    durations: list[float] = field(default_factory=list)
    next_answers: list[Misbehaviour] = field(default_factory=list)
    hold: asyncio.Event | None = None
    cut_off: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: Request) -> Response:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return refusal(401, "invalid_api_key", f"Incorrect API key provided: {KEY[:7]}***.")
        async with request.form() as form:
            await self._wait_for_permission(request)
            misbehaviour = self.next_answers.pop(0) if self.next_answers else None
            return misbehaviour() if misbehaviour else await self._transcribe(form)

    async def _wait_for_permission(self, request: Request) -> None:
        while self.hold is not None and not self.hold.is_set():
            if await request.is_disconnected():
                self.cut_off.set()
            await asyncio.sleep(0.01)

    async def _transcribe(self, form: FormData) -> Response:
        file = form["file"]
        assert isinstance(file, UploadFile)
        content = await file.read()
        self.sizes.append(len(content))
        self.forms.append({name: form.getlist(name) for name in form if name != "file"})
        if len(content) > self.max_bytes:
            return refusal(
                413, "too_large", f"Maximum content size limit ({self.max_bytes}) exceeded"
            )
        if form["model"] not in ("whisper-1", "large-v3"):
            return refusal(404, "model_not_found", f"The model '{form['model']}' does not exist")
        if form["response_format"] != "verbose_json":
            return refusal(400, "unsupported_format", "only verbose_json is answered here")
        pcm = _decode(content)
        self.durations.append(len(pcm) / 2 / SAMPLE_RATE)
        return JSONResponse(_verbose_json(pcm, form, self.words_in_segments))


def _decode(flac: bytes) -> bytes:
    with av.open(io.BytesIO(flac), "r", format="flac") as container:
        frames = list(container.decode(audio=0))
    assert {(frame.sample_rate, frame.layout.name) for frame in frames} == {(SAMPLE_RATE, "mono")}
    return b"".join(bytes(frame.planes[0])[: frame.samples * 2] for frame in frames)


def loud_stretches(pcm: bytes) -> list[tuple[float, float]]:
    """Start and end of what is loud, in seconds; what is quiet for 0.4 s separates two."""
    found: list[list[int]] = []
    for index in range(len(pcm) // 2 // _WINDOW):
        if loudest(pcm[index * _WINDOW * 2 : (index + 1) * _WINDOW * 2]) < _LOUD:
            continue
        if found and index - found[-1][1] < _PAUSE_WINDOWS:
            found[-1][1] = index
        else:
            found.append([index, index])
    seconds = _WINDOW / SAMPLE_RATE
    return [(start * seconds, (end + 1) * seconds) for start, end in found]


def _verbose_json(pcm: bytes, form: FormData, words_in_segments: bool) -> dict[str, Any]:
    stretches = loud_stretches(pcm)
    texts = [f" {end - start:.2f} seconds" for start, end in stretches]
    segments: list[dict[str, Any]] = [
        {
            "id": index,
            "seek": 0,
            "start": start,
            "end": end,
            "text": text,
            "tokens": [50364, 1, 2],
            "temperature": 0.0,
            "avg_logprob": -0.25,
            "compression_ratio": 1.2,
            "no_speech_prob": 0.01,
        }
        for index, ((start, end), text) in enumerate(zip(stretches, texts, strict=True))
    ]
    answer: dict[str, Any] = {
        "task": "transcribe",
        "language": "english",
        "duration": len(pcm) / 2 / SAMPLE_RATE,
        "text": "".join(texts).strip(),
        "segments": segments,
        "usage": {"type": "duration", "seconds": 1},
    }
    words = [_words(segment) for segment in segments]
    if "word" in form.getlist("timestamp_granularities[]"):
        if words_in_segments:
            for segment, own in zip(segments, words, strict=True):
                segment["words"] = own
        else:
            answer["words"] = [word for own in words for word in own]
    return answer


def _words(segment: dict[str, Any]) -> list[dict[str, Any]]:
    start, end = segment["start"], segment["end"]
    middle = (start + end) / 2
    first, second = segment["text"].split()
    return [
        {"word": first, "start": start, "end": middle},
        {"word": second, "start": middle, "end": end},
    ]


@asynccontextmanager
async def whisper_server() -> AsyncIterator[WhisperServer]:
    """Runs one on a free port of loopback."""
    whisper = WhisperServer()
    app = Starlette(routes=[Route("/v1/audio/transcriptions", whisper.answer, methods=["POST"])])
    async with serve_on_loopback(app) as url:
        whisper.url = f"{url}/v1"
        yield whisper
