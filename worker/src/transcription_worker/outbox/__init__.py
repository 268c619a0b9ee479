"""The outbox: what the worker reports is stored here first and delivered from here."""

from .outbox import Outbox, OutboxStats
from .settings import OutboxSettings
from .store import PutResult

__all__ = ["Outbox", "OutboxSettings", "OutboxStats", "PutResult"]
