"""The outbox: what the worker reports is stored here first and delivered from here."""

from .outbox import DeliverySeconds, Outbox, OutboxStats
from .settings import OutboxSettings

__all__ = ["DeliverySeconds", "Outbox", "OutboxSettings", "OutboxStats"]
