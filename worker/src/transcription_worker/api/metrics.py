"""`GET /metrics`: how the service is doing, for Prometheus.

Nothing is counted here: the outbox and the queue count, and a scrape reads what they have.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

from prometheus_client import CollectorRegistry, Metric, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from ..engines import Engine
from ..models import Outcome
from ..outbox import Outbox, OutboxStats
from ..queue import JobQueueService, UploadFiles

_OUTCOMES: tuple[str, ...] = get_args(Outcome)
_PREFIX = "transcription_"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a scrape shows. Seconds, bytes; `jobs` by state."""

    outbox: OutboxStats
    jobs: dict[str, int]
    engine_seconds: float
    audio_seconds: float
    engine_works: bool
    disk_free: int


class Metrics(Collector):
    """The metrics of one service."""

    def __init__(
        self, service: JobQueueService, engine: Engine, files: UploadFiles, outbox: Outbox
    ) -> None:
        self._service = service
        self._engine = engine
        self._files = files
        self._outbox = outbox
        self._snapshot: Snapshot | None = None
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    async def scrape(self, accept: str) -> tuple[bytes, str]:
        """The metrics in the form that an `Accept` header asks for, and its content type."""
        self._snapshot = Snapshot(
            outbox=await self._outbox.stats(),
            jobs=await self._service.counts(),
            engine_seconds=self._service.engine_seconds,
            audio_seconds=self._service.audio_seconds,
            engine_works=self._engine.status is None,
            disk_free=self._files.free_bytes(),
        )
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type

    def collect(self) -> Iterator[Metric]:
        """What the last snapshot shows."""
        if self._snapshot is not None:
            yield from _outbox_metrics(self._snapshot.outbox)
            yield from _service_metrics(self._snapshot)


def _outbox_metrics(stats: OutboxStats) -> Iterator[Metric]:
    outcomes = dict.fromkeys(_OUTCOMES, 0) | stats.outcomes
    yield _counters("outbox_updates", "Updates that Convex took", "outcome", outcomes)
    yield _counter("outbox_requests", "Requests sent to Convex", stats.requests)
    yield _counter("outbox_retries", "Requests that repeated an earlier one", stats.retries)
    yield _counter("outbox_merged", "Updates that a newer one replaced", stats.merged)
    yield _counters("outbox_repaired", "Values that were repaired", "kind", stats.repaired)
    yield _gauge("outbox_waiting", "Updates that wait to be sent", stats.waiting)
    yield _gauge(
        "outbox_oldest_age_seconds",
        "How long the oldest update has waited; 0 where none waits",
        stats.oldest_age or 0.0,
    )
    yield _gauge("outbox_dead_letters", "Updates that will not be sent", stats.dead)
    yield _gauge("outbox_blocked", "1 while nothing is sent", int(stats.blocked is not None))
    delivery = stats.delivery_seconds
    yield HistogramMetricFamily(
        _PREFIX + "outbox_delivery_seconds",
        "Seconds from put to accepted",
        buckets=[
            *((str(float(bound)), count) for bound, count in delivery.buckets),
            ("+Inf", delivery.count),
        ],
        sum_value=delivery.total,
    )


def _service_metrics(snapshot: Snapshot) -> Iterator[Metric]:
    jobs = GaugeMetricFamily(_PREFIX + "jobs", "Jobs by state", labels=["state"])
    for state, number in snapshot.jobs.items():
        jobs.add_metric([state], number)
    yield jobs
    yield _counter("engine_seconds", "Seconds that engines have worked", snapshot.engine_seconds)
    yield _counter("audio_seconds", "Seconds of sound transcribed", snapshot.audio_seconds)
    yield _gauge("engine_works", "0 while something keeps it from working", snapshot.engine_works)
    yield _gauge("disk_free_bytes", "Room that the disk of DATA_DIR has", snapshot.disk_free)


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(_PREFIX + name, f"{text}, since the start", value=value)


def _counters(name: str, text: str, label: str, values: dict[str, int]) -> Metric:
    family = CounterMetricFamily(_PREFIX + name, f"{text}, since the start", labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(_PREFIX + name, text, value=value)
