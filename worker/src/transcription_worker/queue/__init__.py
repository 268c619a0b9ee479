"""The job queue: uploads wait here, are run a few at a time, and are run again after a crash."""

from .files import DISK_RESERVE_BYTES, UploadFiles
from .job import Job, JobExistsError
from .service import JobQueueService, QueueOptions
from .sqlite_store import SqliteJobStore
from .view import JobView

__all__ = [
    "DISK_RESERVE_BYTES",
    "Job",
    "JobExistsError",
    "JobQueueService",
    "JobView",
    "QueueOptions",
    "SqliteJobStore",
    "UploadFiles",
]
