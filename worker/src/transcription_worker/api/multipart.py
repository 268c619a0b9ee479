"""`multipart/form-data`, part by part as it comes in: a file never waits in memory."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from .errors import ApiError

# Seconds without a byte after which a sender is gone.
_IDLE = 60.0
# Bytes a second that a sender must come up with in the long run: a byte a minute would hold its
# place for ever. The slowest of mobile networks give ten times as much.
_SLOWEST = 500
# Bytes of a part's header lines; browsers send about 200 and a file's name.
_MAX_HEADER = 8 * 1024
# Parts of one form; there are eight fields.
_MAX_PARTS = 32


@dataclass(frozen=True, slots=True)
class PartStarted:
    """A part begins; `file_name` is there for files."""

    name: str
    file_name: str | None


@dataclass(frozen=True, slots=True)
class PartData:
    """Some bytes of the part that began last."""

    data: bytes


def read_boundary(content_type: str | None) -> bytes:
    """The boundary of a form's content type. Raises `ApiError` 415 where it is no such form."""
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise ApiError(415, "unsupported_media_type", "Send the file as multipart/form-data.")
    return boundary


async def read_form(
    body: AsyncIterator[bytes], boundary: bytes
) -> AsyncGenerator[PartStarted | PartData]:
    """The parts of a form.

    Raises `ApiError` 400 for a malformed or cut-off one, 408 where the sender stalls.
    """
    events = _Events()
    try:
        parser = MultipartParser(boundary, events.callbacks())  # type: ignore[arg-type]  # a TypedDict
        async for chunk in without_stalls(body):
            parser.write(chunk)
            for event in events.take():
                yield event
    except FormParserError as error:
        raise ApiError(400, "invalid_form", "The form is malformed.") from error
    if not events.complete:
        raise ApiError(400, "invalid_form", "The form is cut off before its end.")


async def without_stalls(body: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """The body, chunk by chunk.

    Raises `ApiError` 408 where nothing comes for a minute, or next to nothing for longer.
    """
    received, waited = 0, 0.0
    while True:
        since = time.monotonic()
        try:
            async with asyncio.timeout(patience(received, waited)):
                chunk = await anext(body, None)
        except TimeoutError:
            raise stalled() from None
        if chunk is None:
            return
        received, waited = received + len(chunk), waited + time.monotonic() - since
        yield chunk


def stalled() -> ApiError:
    """What is sent comes too slowly, or not at all."""
    return ApiError(408, "upload_stalled", "The upload came too slowly, or stopped: send it again.")


def patience(received: int, waited: float) -> float:
    """Seconds to wait for more of a body whose `received` bytes were waited for so long."""
    return min(_IDLE, _IDLE + received / _SLOWEST - waited)


class _Events:
    """Collects what the parser calls back."""

    def __init__(self) -> None:
        self.complete = False
        self._events: list[PartStarted | PartData] = []
        self._parts = 0
        self._header_name = bytearray()
        self._header_value = bytearray()
        self._headers: dict[bytes, bytes] = {}

    def take(self) -> list[PartStarted | PartData]:
        events, self._events = self._events, []
        return events

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._begin_part,
            "on_header_field": self._add_header_name,
            "on_header_value": self._add_header_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._end_headers,
            "on_part_data": self._add_data,
            "on_end": self._end,
        }

    def _begin_part(self) -> None:
        self._headers = {}
        self._parts += 1
        if self._parts > _MAX_PARTS:
            raise ApiError(400, "invalid_form", f"The form has more than {_MAX_PARTS} parts.")

    def _add_header_name(self, data: bytes, start: int, end: int) -> None:
        self._grow(self._header_name, data[start:end])

    def _add_header_value(self, data: bytes, start: int, end: int) -> None:
        self._grow(self._header_value, data[start:end])

    def _grow(self, buffer: bytearray, data: bytes) -> None:
        buffer += data
        if len(buffer) > _MAX_HEADER:
            raise ApiError(400, "invalid_form", "A part's header is too long.")

    def _end_header(self) -> None:
        self._headers[bytes(self._header_name).lower()] = bytes(self._header_value)
        self._header_name.clear()
        self._header_value.clear()

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        name = options.get(b"name", b"").decode(errors="replace")
        file_name = options.get(b"filename")
        decoded = None if file_name is None else file_name.decode(errors="replace")
        self._events.append(PartStarted(name, decoded and _unescape(decoded)))

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        self._events.append(PartData(data[start:end]))

    def _end(self) -> None:
        self.complete = True


def _unescape(file_name: str) -> str:
    """Browsers write these three characters of a file's name so, and no others."""
    return file_name.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")
