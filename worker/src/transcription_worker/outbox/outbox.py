"""The outbox as its callers see it."""

import asyncio
import logging
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Self

from ..client import ConvexClient
from ..database import Database
from ..errors import StorageError
from ..models import JobUpdate, UpdateOutcome
from . import dead_letter, store
from .schema import COMPONENT, MIGRATIONS
from .sender import Sender
from .settings import OutboxSettings
from .stats import Counts, OutboxStats

_log = logging.getLogger("transcription_worker.outbox")


class Outbox:
    """Stores updates durably and delivers them in order, one request at a time for each job.

    Made by `Outbox.open`. `put` never waits for the network; `start` (or `run`) begins to send.
    """

    def __init__(self, database: Database, sender: Sender | None, settings: OutboxSettings) -> None:
        self._database = database
        self._sender = sender
        self._settings = settings
        self._task: asyncio.Task[None] | None = None
        self._merged = 0
        self._repaired: Counter[str] = Counter()

    @classmethod
    async def open(
        cls,
        database: Database,
        client: ConvexClient | None,
        settings: OutboxSettings | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> Self:
        """An outbox in the database's file.

        `client` of `None` turns the sending off: updates are stored and wait. `clock` gives
        seconds and must not run backwards. Raises `StorageError` for a file of a newer version.
        """
        settings = settings or OutboxSettings()
        await database.migrate(COMPONENT, MIGRATIONS)
        sender = None if client is None else Sender(database, client, settings, clock=clock)
        return cls(database, sender, settings)

    async def put(self, update: JobUpdate | Mapping[str, object]) -> int:
        """Stores an update, durably on return, and gives the number that it got in its attempt.

        The update's own `sequence` is disregarded. Numbers only grow, but an update may go out
        under a higher one than it got: a progress update that waits is replaced by a newer one,
        which carries all that it had.

        A mapping that is no valid update is repaired where its meaning is plain, or goes to the
        dead-letter; neither raises. Raises `StorageError` where the disk does not take it.
        """
        result = await self._database.write(
            lambda connection: self.put_within(connection, update), after_commit=self.was_put
        )
        return result.sequence

    def put_within(
        self, connection: sqlite3.Connection, update: JobUpdate | Mapping[str, object]
    ) -> store.PutResult:
        """The same as a part of a `Database.write`: it happens if and when that one commits.

        What it returns goes to `was_put`, in that write's `after_commit`.
        """
        return store.put(connection, update, self._settings.request_bytes)

    def on_outcome(self, callback: Callable[[str, UpdateOutcome], None]) -> None:
        """Calls `callback(job_id, outcome)` for every update that Convex has answered.

        An outcome of `ignored` means that the job has ended: with status `cancelled` its user has
        stopped it. An `attempt` higher than the job's means that another worker has taken it over.
        """
        if self._sender is not None:
            self._sender.results.outcome_callbacks.append(callback)

    def on_removed(self, callback: Callable[[str], None]) -> None:
        """Calls `callback(job_id)` when Convex no longer has a job that it once knew."""
        if self._sender is not None:
            self._sender.results.removed_callbacks.append(callback)

    async def run(self) -> None:
        """Sends until cancelled. Returns at once where sending is off."""
        if self._sender is not None:
            await self._sender.run()

    def start(self) -> None:
        """Begins to send in a task of its own; `stop` ends it."""
        if self._sender is not None and self._task is None:
            self._task = asyncio.create_task(self._sender.run(), name="outbox sender")

    async def stop(self) -> None:
        """Ends the sending; what is under way gets a few seconds. Everything else stays stored."""
        task, self._task = self._task, None
        if task is not None and self._sender is not None:
            self._sender.request_stop()
            await task
        try:
            stats = await self.stats()
        except StorageError as error:
            _log.error("outbox_stopped", extra={"error": str(error)})
        else:
            fields = {"waiting": stats.waiting, "dead": stats.dead}
            level = logging.WARNING if stats.waiting else logging.INFO
            _log.log(level, "outbox_stopped", extra=fields)

    async def flush(self, timeout: float) -> bool:
        """Sends what waits without keeping the pace; whether all of it was out within `timeout`.

        The sender must be running; the time is in seconds.
        """
        if self._sender is None:
            waiting, _ = await self._database.read(store.count_waiting)
            return waiting == 0
        return await self._sender.flush(timeout)

    async def stats(self) -> OutboxStats:
        """How the outbox is doing."""
        (waiting, oldest_age), dead = await self._database.read(
            lambda connection: (store.count_waiting(connection), dead_letter.count(connection))
        )
        sender = self._sender
        counts = sender.results.counts if sender else Counts()
        return OutboxStats(
            waiting=waiting,
            dead=dead,
            oldest_age=oldest_age,
            accepted=counts.accepted,
            merged=self._merged,
            repaired=dict(self._repaired),
            blocked=sender.blocked if sender else "sending is turned off",
            outcomes=dict(counts.outcomes),
            requests=counts.requests,
            retries=counts.retries,
            delivery_seconds=counts.delivery_seconds,
        )

    def was_put(self, result: store.PutResult) -> None:
        """Tells the sender of a `put_within` that is durable now."""
        fields = {"job_id": result.job_id, "attempt": result.attempt, "sequence": result.sequence}
        self._merged += result.merged
        for repair in result.repairs:
            self._repaired[repair.kind] += 1
            _log.warning(
                "update_repaired", extra={**fields, "path": repair.path, "kind": repair.kind}
            )
        if result.dead is not None:
            _log.error(
                "update_dead_lettered",
                extra={**fields, "code": "invalid_payload", "reason": result.dead},
            )
        if self._sender is not None and result.waiting is not None:
            self._sender.notify(result.job_id, result.waiting)
