"""What the API shows of a job after each report."""

from datetime import UTC, datetime

from transcription_worker import AudioInfo, JobUpdate, LiveSegments, Result, Segment, Timestamps
from transcription_worker.queue import JobView

START = JobView(job_id="a", file_name="a.mp3", file_size=9, created_at=1_000, updated_at=1_000)


def update(**fields: object) -> JobUpdate:
    return JobUpdate.parse({"job_id": "a", "status": "processing", **fields})


def test_progress_never_falls_and_messages_are_the_newest() -> None:
    view = START.after(update(progress=50, stage="x", message="m"), 1, 2_000)
    view = view.after(update(progress=40), 2, 3_000)
    assert (view.progress, view.stage, view.message) == (50, None, None)
    assert (view.sequence, view.updated_at) == (2, 3_000)


def test_audio_info_is_filled_in_and_grows() -> None:
    view = START.after(update(audio_info=AudioInfo(duration=5, format="mp3")), 1, 2_000)
    view = view.after(update(audio_info=AudioInfo(duration=6, channels=2)), 2, 2_000)
    view = view.after(update(audio_info=AudioInfo(duration=4)), 3, 2_000)
    assert view.audio_info == AudioInfo(duration=6, channels=2, format="mp3")


def test_segments_are_counted() -> None:
    items = [Segment(start=0, end=1, text="x")] * 3
    view = START.after(update(segments=LiveSegments(offset=4, items=items)), 1, 2_000)
    assert view.segment_count == 7
    assert view.after(update(), 2, 2_000).segment_count == 7


def test_an_end_has_its_times_and_its_result() -> None:
    times = Timestamps(completed_at=datetime(2026, 1, 1, tzinfo=UTC))
    view = START.after(
        update(status="completed", result=Result(text="😀" * 3_000), timestamps=times), 1, 2_000
    )
    assert (view.status, view.progress, view.ended_by) == ("completed", 100, "worker")
    assert view.completed_at == 1_767_225_600_000
    assert view.result is not None
    assert view.result.text == "😀" * 256
    assert view.result.text_length == 6_000


def test_a_higher_attempt_starts_from_nothing() -> None:
    view = START.after(update(progress=50, audio_info=AudioInfo(duration=5), message="m"), 7, 2_000)
    again = view.after(update(status="pending", attempt=2), 0, 3_000)
    assert again.to_wire() == {
        "jobId": "a",
        "status": "pending",
        "progress": 0,
        "fileName": "a.mp3",
        "fileSize": 9,
        "createdAt": 1_000,
        "updatedAt": 3_000,
        "sequence": 0,
        "attempt": 2,
        "segmentCount": 0,
    }
