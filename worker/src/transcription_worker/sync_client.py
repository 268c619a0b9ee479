"""The client of the endpoint for threads, task queues and plain scripts."""

import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Self

import httpx

from .answers import check_health, read_outcome
from .errors import ConvexError, UsageError
from .models import JobUpdate, UpdateOutcome
from .protocol import (
    HEALTH_PATH,
    KEEP_ALIVE,
    UPDATE_PATH,
    AnswerReader,
    ClientCore,
    Delivery,
    no_answer,
    not_sent,
    too_late,
)


class SyncConvexClient(ClientCore):
    """`ConvexClient` for synchronous code: the same arguments, answers and errors.

    Threads may share it. In a process that was forked after it was made (Celery, gunicorn) it opens
    connections of its own. Use it as a context manager or call `close`.
    """

    _is_closed = False

    def _open(self) -> None:
        self._tls = httpx.create_ssl_context()
        self._pools: dict[int, _Pool] = {}

    def update_job_status(self, update: JobUpdate | Mapping[str, object]) -> UpdateOutcome:
        """Sends one update and says what became of it; see `ConvexClient.update_job_status`."""
        update = JobUpdate.parse(update)
        if not self._enabled:
            return not_sent(update)
        delivery = Delivery(update, self._retry)
        while True:
            try:
                outcome = self.send_once(delivery.begin(), update.job_id)
            except ConvexError as error:
                pause = delivery.failed(error)
            else:
                return delivery.accepted(outcome)
            time.sleep(pause)

    def send_once(self, content: bytes, job_id: str) -> UpdateOutcome:
        """Sends a job's update that is JSON already, once. Raises as `update_job_status` does."""
        return read_outcome(*self.exchange("POST", UPDATE_PATH, content), job_id)

    def health(self) -> None:
        """Whether address and key are right: returns if so, else raises as the update does."""
        if self._enabled:
            check_health(*self.exchange("GET", HEALTH_PATH, None))

    def exchange(
        self, method: str, path: str, content: bytes | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        """One request with JSON, or without a body, and its answer: status, headers, body.

        Raises `UnavailableError` where no whole answer came in time, `UnexpectedAnswerError` where
        it is too long, and `UsageError` once the client is closed.
        """
        headers = {} if content is None else {"Content-Type": "application/json"}
        deadline = self._deadline(content)
        with self._connection(deadline) as connection:
            try:
                with connection.http.stream(
                    method,
                    path,
                    content=content,
                    headers=headers,
                    timeout=httpx.Timeout(deadline, connect=self._timeout),
                    extensions={"trace": connection.trace},
                ) as response:
                    answer = AnswerReader(response.status_code, response.headers)
                    for chunk in response.iter_raw():
                        answer.add(chunk)
            except httpx.HTTPError as error:
                unreachable = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
                if connection.is_late or (
                    isinstance(error, httpx.TimeoutException) and not unreachable
                ):
                    raise too_late(deadline) from None
                raise no_answer(error, unreachable=unreachable) from None
            if connection.is_late:  # a body without a length ends where the connection does
                raise too_late(deadline)
            return answer.whole()

    def close(self) -> None:
        """Closes the connections; those of requests under way when these end."""
        self._is_closed = True
        self._pool().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _pool(self) -> "_Pool":
        """This process's pool: two processes on one connection would read each other's answers."""
        here = os.getpid()
        for pid in [pid for pid in self._pools if pid != here]:
            if inherited := self._pools.pop(pid, None):
                inherited.close()
        return self._pools.setdefault(here, _Pool(self._max_connections))

    @contextmanager
    def _connection(self, deadline: float) -> Iterator["_Connection"]:
        """A connection for one exchange, which is cut after `deadline` seconds."""
        if self._is_closed:
            raise UsageError("this SyncConvexClient is closed: make a new one", code="closed")
        pool = self._pool()
        until = time.monotonic() + deadline
        if not pool.places.acquire(timeout=deadline):
            raise too_late(deadline)
        connection = None
        try:
            connection = pool.take() or self._connect()
            with connection.cut_after(until - time.monotonic()):
                yield connection
            if not (connection.is_late or self._is_closed):
                pool.idle.append(connection)
                connection = None
        finally:
            if connection is not None:
                connection.http.close()
            pool.places.release()

    def _connect(self) -> "_Connection":
        return _Connection(
            httpx.Client(
                base_url=self._base_url,
                headers=self._headers,
                verify=self._tls,
                limits=httpx.Limits(max_connections=1, keepalive_expiry=KEEP_ALIVE),
                # A redirect would carry the key to wherever it points.
                follow_redirects=False,
            )
        )


class _Pool:
    """One process's connections: the idle ones, and places for `size` altogether."""

    def __init__(self, size: int) -> None:
        self.idle: list[_Connection] = []
        self.places = threading.BoundedSemaphore(size)

    def take(self) -> "_Connection | None":
        try:
            return self.idle.pop()
        except IndexError:
            return None

    def close(self) -> None:
        while connection := self.take():
            connection.http.close()


class _Connection:
    """A client with one connection, and the switch that cuts it.

    httpx limits the time between two bytes only, so that a server that drips them would hold its
    caller for ever; what is cut from another thread ends at once.
    """

    def __init__(self, http: httpx.Client) -> None:
        self.http = http
        self.is_late = False
        self._lock = threading.Lock()
        self._is_in_use = False
        self._socket: socket.socket | None = None

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Learns of the socket; httpx calls it with everything that happens to a request."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._socket = info["return_value"].get_extra_info("socket")
            if self.is_late:
                self._cut()

    @contextmanager
    def cut_after(self, seconds: float) -> Iterator[None]:
        """Cuts the connection unless the block ends within `seconds`."""
        self._is_in_use = True
        timer = threading.Timer(max(seconds, 0.0), self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            with self._lock:
                self._is_in_use = False

    def _cut(self) -> None:
        with self._lock:
            if not self._is_in_use:
                return
            self.is_late = True
            if self._socket is not None:
                with suppress(OSError):
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
