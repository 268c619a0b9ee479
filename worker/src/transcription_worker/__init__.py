"""Persistent transcription jobs on Convex: the client, the outbox and the service.

async with ConvexClient.from_env() as client:
    await client.update_job_status({"job_id": job_id, "status": "processing", "progress": 42})
"""

import logging

from .client import ConvexClient
from .database import Database
from .errors import (
    AlreadyRunningError,
    AuthenticationError,
    ConfigurationError,
    ConvexError,
    DiskFullError,
    Issue,
    JobNotFoundError,
    MissingExtraError,
    PayloadTooLargeError,
    SegmentGapError,
    StorageError,
    UnavailableError,
    UnexpectedAnswerError,
    UsageError,
    UserMismatchError,
    ValidationError,
)
from .models import (
    AudioInfo,
    JobUpdate,
    LiveSegments,
    Result,
    Segment,
    Status,
    Timestamps,
    UpdateOutcome,
    Word,
)
from .outbox import Outbox, OutboxSettings, OutboxStats
from .retry import RetryPolicy
from .settings import Settings, load_settings
from .sync_client import SyncConvexClient
from .sync_outbox import SyncOutbox

__all__ = [
    "AlreadyRunningError",
    "AudioInfo",
    "AuthenticationError",
    "ConfigurationError",
    "ConvexClient",
    "ConvexError",
    "Database",
    "DiskFullError",
    "Issue",
    "JobNotFoundError",
    "JobUpdate",
    "LiveSegments",
    "MissingExtraError",
    "Outbox",
    "OutboxSettings",
    "OutboxStats",
    "PayloadTooLargeError",
    "Result",
    "RetryPolicy",
    "Segment",
    "SegmentGapError",
    "Settings",
    "Status",
    "StorageError",
    "SyncConvexClient",
    "SyncOutbox",
    "Timestamps",
    "UnavailableError",
    "UnexpectedAnswerError",
    "UpdateOutcome",
    "UsageError",
    "UserMismatchError",
    "ValidationError",
    "Word",
    "load_settings",
]

# A library is silent until its program configures logging.
logging.getLogger(__name__).addHandler(logging.NullHandler())
