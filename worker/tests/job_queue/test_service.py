"""The job queue, from upload to end."""

import asyncio
from pathlib import Path

import pytest

from support.queue_harness import Harness, queue_harness
from support.scripted_server import ScriptedServer
from support.waiting import until
from transcription_worker.engines import EngineError, TranscriptionOptions
from transcription_worker.queue import JobExistsError, QueueOptions


async def test_a_job_goes_from_pending_to_completed(harness: Harness) -> None:
    upload_id = await harness.submit("a", TranscriptionOptions(language="en"))
    run = await harness.engine.next_run()
    assert run.options.language == "en"
    # The outbox merges what waits, so each goes out before the next one comes.
    for fraction, texts in ((0.4, ["one", "two"]), (0.6, []), (1.0, ["three"])):
        count = len(harness.updates("a"))
        run.say(fraction, *texts)
        await _more_updates(harness, "a", count)
    run.finish()
    end = await harness.ended("a")
    updates = harness.updates("a")
    statuses = [update["status"] for update in updates]
    assert statuses[0] == "pending"
    assert statuses[1:] == ["processing"] * (len(updates) - 2) + ["completed"]
    assert updates[0]["message"] == "Waiting in the queue, place 1"
    first = updates[1]
    assert "startedAt" in first["timestamps"]
    assert first["audioInfo"] | {"sizeBytes": 0} == {
        "duration": 0.5,
        "sampleRate": 16_000,
        "channels": 1,
        "format": "wav",
        "sizeBytes": 0,
    }
    assert first["stage"] == "decoding"
    assert {update.get("stage") for update in updates[2:-1]} >= {"transcribing"}
    live = [(u["segments"]["offset"], u["segments"]["items"]) for u in updates if "segments" in u]
    assert [(offset, [item["text"] for item in items]) for offset, items in live] == [
        (0, ["one", "two"]),
        (2, ["three"]),
    ]
    assert end["result"] == {
        "text": "one two three",
        "language": "en",
        "duration": 0.5,
        "model": "step model",
    }
    assert "completedAt" in updates[-1]["timestamps"]
    sequences = [update["sequence"] for update in updates]
    assert sequences == sorted(set(sequences))
    job = await harness.service.get("a")
    assert job is not None
    assert job.state == "ended"
    assert job.view.sequence == end["sequence"]
    assert job.view.segment_count == 3
    await until(lambda: harness.file_names() == set())
    assert upload_id not in harness.file_names()


async def _more_updates(harness: Harness, job_id: str, count: int) -> None:
    await until(lambda: len(harness.updates(job_id)) > count)


async def test_jobs_run_in_order_and_no_more_than_allowed(
    tmp_path: Path, server: ScriptedServer
) -> None:
    async with queue_harness(tmp_path, server, QueueOptions(max_concurrent_jobs=2)) as harness:
        for job_id in "abcd":
            await harness.submit(job_id)
        runs = [await harness.engine.next_run(), await harness.engine.next_run()]
        assert [await harness.status(job_id) for job_id in "abcd"] == [
            "processing",
            "processing",
            "pending",
            "pending",
        ]
        for _ in range(2):
            runs.pop(0).finish()
            runs.append(await harness.engine.next_run())
        assert await harness.status("d") == "processing"
        for run in runs:
            run.finish()
        for job_id in "abcd":
            await harness.ended(job_id)
        assert harness.engine.most_active == 2


async def test_waiting_jobs_tell_their_place_and_that_they_live(
    tmp_path: Path, server: ScriptedServer
) -> None:
    async with queue_harness(tmp_path, server, QueueOptions(sign_of_life=0.05)) as harness:
        for job_id in "abc":
            await harness.submit(job_id)

        def messages(job_id: str) -> list[str]:
            return [update["message"] for update in harness.updates(job_id)]

        await until(lambda: messages("c").count("Waiting in the queue, place 2") >= 3)
        (await harness.engine.next_run()).finish()
        await until(lambda: messages("c").count("Waiting in the queue, place 1") >= 3)
        assert {update["status"] for update in harness.updates("c")} == {"pending"}


async def test_a_running_job_whose_engine_is_silent_tells_that_it_lives(
    tmp_path: Path, server: ScriptedServer
) -> None:
    async with queue_harness(tmp_path, server, QueueOptions(sign_of_life=0.05)) as harness:
        await harness.submit("a")
        (await harness.engine.next_run()).say(0.5, "text")
        await until(
            lambda: sum(update.get("progress") == 52.0 for update in harness.updates("a")) >= 4
        )
        # A repeated report does not repeat what it reported of the transcript.
        assert sum("segments" in update for update in harness.updates("a")) == 1


@pytest.mark.parametrize(
    ("error", "says", "code"),
    [
        (EngineError("On strike.", "engine_refused"), "On strike.", "engine_refused"),
        (EngineError("é" * 5_000), "é" * 4_000, "engine_failed"),
        (RuntimeError("secret"), "The worker made a mistake; its log says which.", "worker_error"),
        (
            asyncio.CancelledError(),
            "The worker made a mistake; its log says which.",
            "worker_error",
        ),
    ],
)
async def test_a_failure_is_reported_and_the_queue_goes_on(
    error: BaseException, says: str, code: str, harness: Harness
) -> None:
    await harness.submit("a")
    await harness.submit("b")
    (await harness.engine.next_run()).fail(error)
    end = await harness.ended("a")
    assert (end["status"], end["error"], end["errorCode"]) == ("failed", says, code)
    (await harness.engine.next_run()).finish()
    assert (await harness.ended("b"))["status"] == "completed"


async def test_a_file_that_cannot_be_decoded_fails_its_job(harness: Harness) -> None:
    blocker = harness.submit("a")
    await blocker
    upload_id = await harness.submit("b")
    harness.files.upload(upload_id).write_bytes(b"damaged on the disk")
    (await harness.engine.next_run()).finish()
    end = await harness.ended("b")
    assert end["status"] == "failed"
    assert "no audio file" in str(end["error"])
    assert end["errorCode"] == "unsupported_audio"


async def test_a_job_is_uploaded_once(harness: Harness) -> None:
    await harness.submit("a")
    with pytest.raises(JobExistsError):
        await harness.service.begin_upload("a", None)
    (await harness.engine.next_run()).finish()
    await harness.ended("a")
    with pytest.raises(JobExistsError):
        await harness.service.begin_upload("a", None)
