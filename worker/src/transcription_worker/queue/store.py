"""Where the queue keeps its jobs."""

from collections.abc import Sequence
from typing import Protocol

from ..engines.base import TranscriptionOptions
from ..models import AudioInfo, JobUpdate
from .job import Job


class JobStore(Protocol):
    """The queue's jobs and what has been reported of them, durable when a method returns.

    A job is uploading, then waiting, then running, then ended. An implementation hands each
    reported update to the outbox in the transaction that changes the job, so that neither is ever
    there without the other.
    """

    async def begin_upload(self, job_id: str, file_name: str | None) -> str:
        """Notes that this job's file is coming in; the answer is the upload's id.

        An upload that is under way for the same job loses its place. Raises `JobExistsError` where
        the job's file has come in whole before.
        """

    async def abandon_upload(self, upload_id: str) -> bool:
        """Forgets an upload that came to nothing; the job may be uploaded again.

        The answer is whether nobody needs its files.
        """

    async def enqueue(
        self, upload_id: str, file_size: int, audio: AudioInfo, options: TranscriptionOptions
    ) -> Job | None:
        """Puts a job whose file is whole at the end of the queue.

        `None` where another upload has taken this one's place, or the job was cancelled.
        """

    async def claim(self) -> Job | None:
        """Takes the job at the head of the queue to run it; `None` where none waits."""

    async def report(self, update: JobUpdate) -> bool:
        """Records an update and hands it to the outbox; a terminal status ends the job.

        False, and nothing is done, where the job has ended or this is not its attempt.
        """

    async def release(self, job_id: str) -> None:
        """Puts a running job back to the head of the queue, for its next attempt."""

    async def recover(self) -> Sequence[Job]:
        """After a start: releases what was running when the process died, forgets uploads.

        The answer is the jobs that were running, with their next attempt.
        """

    async def waiting(self) -> Sequence[Job]:
        """The jobs that wait, the next to run first."""

    async def count_waiting(self) -> int:
        """How many jobs wait."""

    async def count_by_state(self) -> dict[str, int]:
        """How many jobs there are, by state; states that no job has are left out."""

    async def get(self, job_id: str) -> Job | None:
        """What is known of a job; `None` where nothing is."""

    async def forget_ended(self, before: int) -> None:
        """Deletes jobs that ended before this time, in epoch milliseconds."""
