"""The outbox as its callers see it."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Self

from ..client import ConvexClient
from ..database import Database, Transaction
from ..models import JobUpdate, UpdateOutcome
from . import dead_letter, store
from .schema import COMPONENT, MIGRATIONS
from .sender import Sender
from .settings import OutboxSettings

_log = logging.getLogger("transcription_worker.outbox")


@dataclass(frozen=True, slots=True)
class DeliverySeconds:
    """Seconds from put to accepted: how many updates, the sum, and how many took up to a bound.

    Each of `buckets`, (bound, updates), counts those of the smaller bounds too.
    """

    count: int = 0
    total: float = 0.0
    buckets: tuple[tuple[float, int], ...] = ()


@dataclass(frozen=True, slots=True)
class OutboxStats:
    """How the outbox is doing. `waiting`, `dead` and `oldest_age` are of the file, the age in
    seconds and `None` where nothing waits; the others count since this start.

    `blocked` says why nothing is sent at the moment, `None` where all is well. `repaired` counts
    the poison values that were put right, by kind; `outcomes` the accepted updates by outcome.
    """

    waiting: int
    dead: int
    accepted: int
    merged: int
    repaired: dict[str, int]
    blocked: str | None
    oldest_age: float | None = None
    outcomes: dict[str, int] = field(default_factory=dict)
    requests: int = 0
    retries: int = 0
    delivery_seconds: DeliverySeconds = DeliverySeconds()


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
        self._mended: Counter[str] = Counter()

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
        await database.write(store.forget_finished_jobs)
        sender = None if client is None else Sender(database, client, settings, clock=clock)
        return cls(database, sender, settings)

    async def put(
        self, update: JobUpdate | Mapping[str, object], *, tx: Transaction | None = None
    ) -> int:
        """Stores an update, durably on return, and gives the number that it got in its attempt.

        With `tx` the put is part of that transaction: it happens if and when that one commits.
        The update's own `sequence` is disregarded. Numbers only grow, but an update may go out
        under a higher one than it got: a progress update that waits is replaced by a newer one,
        which carries all that it had.

        A mapping that is no valid update is mended where its meaning is plain, or goes to the
        dead-letter; neither raises. Raises `sqlite3.Error` where the disk does not take it.
        """
        work = store.Put(update, self._settings.request_bytes)
        if tx is None:
            result = await self._database.write(work, after_commit=self._was_put)
        else:
            result = await tx.run(work)
            tx.after_commit(lambda: self._was_put(result))
        return result.sequence

    def on_outcome(self, callback: Callable[[str, UpdateOutcome], None]) -> None:
        """Calls `callback(job_id, outcome)` for every update that Convex has answered.

        An outcome of `ignored` means that the job has ended: with status `cancelled` its user has
        stopped it. An `attempt` higher than the job's means that another worker has taken it over.
        """
        if self._sender is not None:
            self._sender.outcome_callbacks.append(callback)

    def on_removed(self, callback: Callable[[str], None]) -> None:
        """Calls `callback(job_id)` when Convex no longer has a job that it once knew."""
        if self._sender is not None:
            self._sender.removed_callbacks.append(callback)

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
        if task is None or self._sender is None:
            return
        self._sender.request_stop()
        await task

    async def flush(self, timeout: float) -> bool:
        """Sends what waits without keeping the pace; whether all of it was out within `timeout`.

        The sender must be running; the time is in seconds.
        """
        if self._sender is None:
            return await self._database.read(store.count_waiting) == 0
        return await self._sender.flush(timeout)

    async def stats(self) -> OutboxStats:
        """How the outbox is doing."""
        waiting, dead = await self._database.read(
            lambda connection: (store.count_waiting(connection), dead_letter.count(connection))
        )
        sender = self._sender
        return OutboxStats(
            waiting=waiting,
            dead=dead,
            accepted=sender.accepted if sender else 0,
            merged=self._merged,
            repaired=dict(self._mended),
            blocked=sender.blocked if sender else "sending is turned off",
        )

    def _was_put(self, result: store.PutResult) -> None:
        fields = {"job_id": result.job_id, "attempt": result.attempt, "sequence": result.sequence}
        self._merged += result.merged
        for mend in result.mends:
            self._mended[mend.kind] += 1
            _log.warning("update_mended", extra={**fields, "path": mend.path, "kind": mend.kind})
        if result.dead is not None:
            _log.error(
                "update_dead_lettered",
                extra={**fields, "code": "invalid_payload", "reason": result.dead},
            )
        if self._sender is not None and result.waiting is not None:
            self._sender.notify(result.job_id, result.waiting)
