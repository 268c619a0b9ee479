"""The outbox: what the worker reports is stored here first and delivered from here."""

from .outbox import Outbox
from .settings import OutboxSettings
from .stats import DeliverySeconds, OutboxStats
from .store import PutResult

__all__ = ["DeliverySeconds", "Outbox", "OutboxSettings", "OutboxStats", "PutResult"]
