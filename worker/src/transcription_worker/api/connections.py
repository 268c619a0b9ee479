"""The server's open connections: how many there may be, and how long each may take for what.

A connection *rests* while the server works on nothing for it: before a whole head has come in,
after the answer, and while its client does not read. Where all places are taken, the one that has
rested longest makes room for a new one: neither half heads nor idle clients keep anybody out.
"""

import asyncio
import logging
import sys
import time
from collections.abc import Callable

import h11
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

# Places at most; a browser takes six.
_MAX_CONNECTIONS = 512
# File descriptors that are not for connections: the database, engines, listening sockets.
_OTHER_DESCRIPTORS = 64
# Seconds for a whole head, however slowly it comes.
_HEAD_SECONDS = 10.0
# Seconds that a client may take to read an answer, or to send the body that nobody waits for any
# more: most read the answer to a refused upload only when they have sent all of it.
_LEFTOVER_SECONDS = 300.0
# Seconds between two lines of the same warning.
_WARNING_EVERY = 10.0


def connection_limit(descriptors: int | None = None) -> int:
    """How many connections a process with so many file descriptors may hold; `None`: this one.

    Half of them stay for the files of uploads, each of which comes over a connection.
    """
    descriptors = _descriptors() if descriptors is None else descriptors
    return max(8, min(_MAX_CONNECTIONS, (descriptors - _OTHER_DESCRIPTORS) // 2))


def _descriptors() -> int:
    if sys.platform == "win32":
        return sys.maxsize
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


class Connections:
    """The open connections of one server, at most `limit`."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._open: set[Connection] = set()
        self._resting: dict[Connection, None] = {}

    def __len__(self) -> int:
        return len(self._open)

    def make_room(self) -> bool:
        """Whether there is a place for one more; closes what has rested longest to make one."""
        return len(self._open) < self.limit or self.close_one()

    def close_one(self) -> bool:
        """Closes what has rested longest; false where the server works for all of them."""
        oldest = next(iter(self._resting), None)
        if oldest is None:
            return False
        self.remove(oldest)
        oldest.transport.abort()
        return True

    def add(self, connection: "Connection") -> None:
        """One that was opened."""
        self._open.add(connection)

    def remove(self, connection: "Connection") -> None:
        """One that was closed."""
        self._open.discard(connection)
        self._resting.pop(connection, None)

    def note(self, connection: "Connection", *, resting: bool) -> None:
        """Whether the server works on nothing for this one."""
        if not resting:
            self._resting.pop(connection, None)
        elif connection in self._open:
            self._resting.setdefault(connection)


class Connection(H11Protocol):
    """One connection; closed where it rests too long."""

    def __init__(
        self, config: Config, state: ServerState, open_ones: Connections, log: logging.Logger
    ) -> None:
        super().__init__(config, state, {})
        self.logger = log
        self._open_ones = open_ones
        self._allowed: float | None = None
        self._deadline: asyncio.TimerHandle | None = None

    # uvicorn's own narrows the argument, too.
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See `asyncio.Protocol`, as all that follow but the last."""
        super().connection_made(transport)
        self._open_ones.add(self)
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Gives the place back."""
        self._allow(None)
        self._open_ones.remove(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parses what came in, and begins to answer once a head is whole."""
        super().data_received(data)
        self._look()

    def pause_writing(self) -> None:
        """The client does not read."""
        super().pause_writing()
        self._look()

    def resume_writing(self) -> None:
        """The client reads again."""
        super().resume_writing()
        self._look()

    def on_response_complete(self) -> None:
        """Called when an answer is whole."""
        super().on_response_complete()
        self._look()

    def _look(self) -> None:
        allowed = self._seconds()
        if allowed != self._allowed:
            self._allow(allowed)
            self._open_ones.note(self, resting=allowed is not None)

    def _seconds(self) -> float | None:
        """How long the present state may last; `None` where it is the server that works."""
        if self.flow.write_paused:
            return _LEFTOVER_SECONDS
        if self.cycle is not None and not self.cycle.response_complete:
            return None
        return _HEAD_SECONDS if self.conn.their_state is h11.IDLE else _LEFTOVER_SECONDS

    def _allow(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._allowed = seconds
        self._deadline = (
            None if seconds is None else self.loop.call_later(seconds, self.transport.abort)
        )


class WarningLimit(logging.Filter):
    """Lets each warning through once in a while; `left_out` counts those that it held back."""

    def __init__(
        self, seconds: float = _WARNING_EVERY, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._seconds = seconds
        self._clock = clock
        self._last: dict[str, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is logged; one that is no warning always is."""
        if record.levelno != logging.WARNING:
            return True
        now = self._clock()
        at, left_out = self._last.get(record.msg, (-self._seconds, 0))
        if now - at < self._seconds:
            self._last[record.msg] = (at, left_out + 1)
            return False
        self._last[record.msg] = (now, 0)
        record.left_out = left_out
        return True
