"""The outbox for threads, task queues and plain scripts."""

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from .client import ConvexClient
from .client_settings import load_client_settings
from .database import Database
from .errors import UsageError
from .models import JobUpdate, UpdateOutcome
from .outbox import Outbox, OutboxSettings, OutboxStats

T = TypeVar("T")
_Ready = Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, Outbox]]


class SyncOutbox:
    """An `Outbox` that a thread of its own runs; made by `open` or `from_env`.

    Any thread may call it; each call waits for the disk, never for the network, but for `flush`.
    What was put is on the disk when `put` returns, so a program that ends without `close` loses
    nothing: the next one that opens the file sends it. It does not survive a fork: open one in each
    process, with a file of its own. All methods raise `UsageError` where it cannot work.
    """

    def __init__(
        self, path: Path | str, client: ConvexClient | None, settings: OutboxSettings | None
    ) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._is_closing = False
        self._calls: set[asyncio.Task[object]] = set()
        ready: _Ready = Future()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._run(Path(path), client, settings, ready)),
            name="transcription-outbox",
            daemon=True,  # an open outbox does not keep a program from ending
        )
        self._thread.start()
        try:
            self._loop, self._stop, self._outbox = ready.result()
        except BaseException:
            ready.add_done_callback(_stop)  # interrupted: it ends as soon as it has begun
            raise

    @classmethod
    def open(
        cls,
        path: Path | str,
        client: ConvexClient | None,
        settings: OutboxSettings | None = None,
    ) -> Self:
        """An outbox in the file at `path`, which is made where it is missing, and begins to send.

        The client is the outbox's from then on and closed with it; `None` turns the sending off:
        updates are stored and wait. Raises `StorageError` for an unusable file and
        `AlreadyRunningError` where another process has it open.
        """
        return cls(path, client, settings)

    @classmethod
    def from_env(cls, path: Path | str, settings: OutboxSettings | None = None) -> Self:
        """The same with the client that `CONVEX_*` in the environment and in `.env` describe.

        Raises `ConfigurationError` besides, whose message says what to set.
        """
        is_on = load_client_settings().convex_sync_enabled
        return cls(path, ConvexClient.from_env() if is_on else None, settings)

    def put(self, update: JobUpdate | Mapping[str, object]) -> int:
        """Stores an update, durably on return; see `Outbox.put`.

        One that is interrupted (Ctrl-C) may be stored all the same.
        """
        return self._call(lambda: self._outbox.put(update))

    def on_outcome(self, callback: Callable[[str, UpdateOutcome], None]) -> None:
        """Calls `callback(job_id, outcome)` in the outbox's thread; see `Outbox.on_outcome`."""
        self._outbox.on_outcome(callback)

    def on_removed(self, callback: Callable[[str], None]) -> None:
        """Calls `callback(job_id)` in the outbox's thread; see `Outbox.on_removed`."""
        self._outbox.on_removed(callback)

    def flush(self, timeout: float) -> bool:
        """Sends what waits; whether all of it was out within `timeout` seconds.

        False at once where the outbox is closed meanwhile.
        """
        return self._call(lambda: self._flush(timeout))

    def stats(self) -> OutboxStats:
        """How the outbox is doing."""
        return self._call(self._outbox.stats)

    def close(self) -> None:
        """Ends the sending and closes the file; requests under way get a few seconds.

        What was not sent stays stored. In a forked process there is nothing to close.
        """
        if os.getpid() != self._pid:
            return
        self._refuse_callbacks()
        with self._lock:
            if not self._is_closing:
                self._is_closing = True
                self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    async def _run(
        self,
        path: Path,
        client: ConvexClient | None,
        settings: OutboxSettings | None,
        ready: _Ready,
    ) -> None:
        """The thread: everything asynchronous begins and ends in its one event loop."""
        try:
            async with AsyncExitStack() as stack:
                if client is not None:
                    stack.push_async_callback(client.aclose)
                database = await Database.open(path)
                stack.push_async_callback(database.close)
                outbox = await Outbox.open(database, client, settings)
                outbox.start()
                stack.push_async_callback(outbox.stop)
                stop = asyncio.Event()
                ready.set_result((asyncio.get_running_loop(), stop, outbox))
                await stop.wait()
                await asyncio.gather(*self._calls, return_exceptions=True)
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)
        finally:
            self._is_closing = True

    def _call(self, work: Callable[[], Awaitable[T]]) -> T:
        """What `work` gives, awaited in the outbox's thread."""
        if os.getpid() != self._pid:
            raise UsageError(
                "this SyncOutbox was opened before a fork, and its thread is in the other process: "
                "open one in each process (Celery: in worker_process_init), with a file of its own",
                code="after_fork",
            )
        self._refuse_callbacks()
        with self._lock:  # so that no call comes behind the stop, where nobody would answer it
            if self._is_closing:
                raise UsageError("this SyncOutbox is closed: open it again", code="closed")
            future = asyncio.run_coroutine_threadsafe(self._tracked(work), self._loop)
        return future.result()

    async def _flush(self, timeout: float) -> bool:
        flush = asyncio.create_task(self._outbox.flush(timeout))
        stop = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({flush, stop}, return_when=asyncio.FIRST_COMPLETED)
            return flush.done() and flush.result()
        finally:
            stop.cancel()
            flush.cancel()

    async def _tracked(self, work: Callable[[], Awaitable[T]]) -> T:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in one
        self._calls.add(task)
        try:
            return await work()
        finally:
            self._calls.discard(task)

    def _refuse_callbacks(self) -> None:
        if threading.current_thread() is self._thread:
            raise UsageError(
                "a callback runs in the outbox's thread, which cannot wait for itself: hand the "
                "work to another thread",
                code="from_callback",
            )


def _stop(ready: _Ready) -> None:
    if ready.exception() is None:
        loop, stop, _ = ready.result()
        loop.call_soon_threadsafe(stop.set)
