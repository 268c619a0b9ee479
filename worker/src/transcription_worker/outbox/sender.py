"""The task that delivers what the outbox holds."""

import asyncio
import logging
import math
import sqlite3
import time
from collections.abc import Callable

from ..client import ConvexClient
from ..database import Database
from ..errors import ConvexError, StorageError, UnavailableError
from . import batch, store
from .gate import Gate
from .jobs import Job, Jobs
from .pace import Waiting
from .requests import Request, next_request
from .results import Entry, Result, Results
from .settings import OutboxSettings

_log = logging.getLogger("transcription_worker.outbox")

# Seconds between two clean-ups of what finished long ago.
_FORGET_EVERY = 60 * 60.0


class Sender:
    """Sends for many jobs at once, at most one request at a time for each of them."""

    def __init__(
        self,
        database: Database,
        client: ConvexClient,
        settings: OutboxSettings,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._client = client
        self._settings = settings
        self._clock = clock
        self._gate = Gate(settings)
        self._jobs = Jobs(settings, clock)
        self.results = Results(database, settings, clock, self._jobs, self._gate, self.notify)
        self._under_way: set[asyncio.Task[None]] = set()
        self._flushes = 0
        self._wake = asyncio.Event()
        self._stopping = False
        self._data_version: int | None = None
        self._refresh_at = -math.inf
        self._forget_at = -math.inf

    @property
    def blocked(self) -> str | None:
        """Why nothing is sent at the moment."""
        return self.results.storage_trouble or self._gate.trouble

    def notify(self, job_id: str, waiting: Waiting | None) -> None:
        """Tells what waits for a job now; called in the order of the commits."""
        self._jobs.notify(job_id, waiting)
        self._wake.set()

    def request_stop(self) -> None:
        """Makes `run` return soon, also where it has not begun yet."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Sends until `request_stop` or cancelled; whatever goes wrong, it goes on."""
        try:
            while not self._stopping:
                self._wake.clear()
                if self._clock() >= self._refresh_at:
                    await self._try_to_refresh()
                now = self._clock()
                self._begin_due(now)
                await self._sleep(now)
            if self._under_way:
                await asyncio.wait(self._under_way, timeout=self._settings.stop_grace)
        finally:
            self._stopping = False
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def flush(self, timeout: float) -> bool:
        """Lifts the pace until nothing waits; whether that was so within `timeout` seconds."""
        self._flushes += 1
        try:
            async with asyncio.timeout(timeout):
                await self._refresh()
                self._jobs.flush(True)
                self._wake.set()
                await self._jobs.drained()
            return True
        except TimeoutError:
            return False
        finally:
            self._flushes -= 1
            self._jobs.flush(self._flushes > 0)

    async def _try_to_refresh(self) -> None:
        now = self._clock()
        self._refresh_at = now + self._settings.refresh_interval
        try:
            await self._refresh()
            if now >= self._forget_at:
                self._forget_at = now + _FORGET_EVERY
                self._jobs.forget_idle()
                await self._database.write(store.forget_finished_jobs)
        except (StorageError, sqlite3.Error) as error:
            self.results.tell("outbox_unreadable", error=str(error))

    async def _refresh(self) -> None:
        """Looks into the file where somebody else has written to it: at the start, and after the
        command line has retried or purged, which is also the moment to try the key again."""
        version = await self._database.read(store.data_version)
        if version == self._data_version:
            return
        # Within a write, so that no put comes between what is read and what is told.
        await self._database.write(store.waiting_jobs, after_commit=self._jobs.reload)
        self._data_version = version
        self._gate.open()
        self._wake.set()

    async def _sleep(self, now: float) -> None:
        """Waits until something happens, or the next job is due."""
        times = [self._refresh_at]
        if len(self._under_way) < self._settings.requests_at_once:
            # A job that is due and finds no place is begun when a request ends.
            due = self._jobs.next_due(now)
            times += [time for time in (due, self._gate.opens_at(now)) if time is not None]
        try:
            async with asyncio.timeout(min(times) - now):
                await self._wake.wait()
        except TimeoutError:
            pass

    def _begin_due(self, now: float) -> None:
        while len(self._under_way) < self._settings.requests_at_once and self._gate.may_send(
            now, len(self._under_way)
        ):
            is_probe = self._gate.reason is not None or now < self.results.single_until
            most = 1 if is_probe else self._settings.batch_updates
            turn = self._jobs.begin(now, most, is_probe=self._gate.reason is not None)
            if not turn:
                return
            task = asyncio.create_task(self._deliver(turn))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _deliver(self, turn: list[tuple[str, Job]]) -> None:
        try:
            prepared = await asyncio.gather(*(self._prepare(*one) for one in turn))
            entries = [entry for entry in prepared if entry is not None]
            fitting = batch.fitting([entry[2] for entry in entries], self._settings.request_bytes)
            for at, (_, job, request) in enumerate(entries):
                job.crowded_out = 0 if at < fitting else len(request.content)
            if entries:
                await self._send(entries[:fitting])
        finally:
            for job_id, _ in turn:
                self._jobs.end(job_id)
            self._wake.set()

    async def _prepare(self, job_id: str, job: Job) -> Entry | None:
        """The job's next request; `None` where there is none, or the disk does not allow it."""
        try:
            if job.unsettled is not None:
                await self.results.settle(job_id, job, job.unsettled)
            limit = job.request_bytes or self._settings.request_bytes
            request = await self._database.write(
                lambda connection: next_request(connection, job_id, limit)
            )
        except Exception as error:  # noqa: BLE001 - one job's row must not stop the others
            self.results.could_not_store(job_id, job, error)
            return None
        self.results.storage_trouble = None
        if request is None:
            self.notify(job_id, None)
            return None
        return job_id, job, request

    async def _send(self, entries: list[Entry]) -> None:
        began, sent_at = time.monotonic(), self._clock()
        self.results.counts.requests += 1
        self.results.counts.retries += any(request.tries for _, _, request in entries)
        try:
            results = await self._exchange([request for _, _, request in entries])
        except ConvexError as error:
            self.results.fail_batch(entries, error)
            return
        milliseconds = round((time.monotonic() - began) * 1000, 1)
        await asyncio.gather(
            *(
                self.results.handle(entry, result, sent_at, milliseconds)
                for entry, result in zip(entries, results, strict=True)
            )
        )

    async def _exchange(self, requests: list[Request]) -> list[Result]:
        """The result of each update; raises where a batch failed as a whole."""
        try:
            if len(requests) > 1:
                return await batch.send(self._client, requests)
            [request] = requests
            return [await self._client.send_once(request.content, request.job_id)]
        except ConvexError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - a client that was closed, or any mistake
            failure = UnavailableError(f"{type(error).__name__}: {error}")
        if len(requests) > 1:
            raise failure
        return [failure]
