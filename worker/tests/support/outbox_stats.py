"""What an outbox might say of itself, every field with a value of its own."""

from transcription_worker import OutboxStats
from transcription_worker.outbox import DeliverySeconds

STATS = OutboxStats(
    waiting=3,
    dead=2,
    accepted=8,
    merged=4,
    repaired={"number": 5},
    blocked="the key is refused",
    oldest_age=12.5,
    outcomes={"applied": 7, "stale": 1},
    requests=11,
    retries=6,
    delivery_seconds=DeliverySeconds(8, 20.25, ((0.5, 3), (1.0, 5), (60.0, 7))),
)
