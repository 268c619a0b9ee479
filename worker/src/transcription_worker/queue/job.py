"""A job as the queue keeps it."""

from dataclasses import dataclass
from typing import Literal, get_args

from ..engines.base import TranscriptionOptions
from .view import JobView

# Where a job is in this service; its status is what the people who wait for it see.
JobState = Literal["uploading", "waiting", "running", "ended"]
JOB_STATES: tuple[str, ...] = get_args(JobState)


@dataclass(frozen=True, slots=True)
class Job:
    """One job.

    `upload_id` names its files; a job that is uploaded again gets another. `attempt` is which run
    of the job this is, from 1; `crashes` how often the process died while it ran. `view` is what
    has been reported of it.
    """

    job_id: str
    upload_id: str
    state: JobState
    attempt: int
    crashes: int
    options: TranscriptionOptions
    view: JobView


class JobExistsError(Exception):
    """This job's file has been uploaded before, whole."""
