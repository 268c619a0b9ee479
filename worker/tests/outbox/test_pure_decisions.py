"""Pace, gate, schedule and verdicts: pure, with the time as an argument."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcription_worker.errors import (
    AuthenticationError,
    ConvexError,
    Issue,
    JobNotFoundError,
    PayloadTooLargeError,
    SegmentGapError,
    UnavailableError,
    UnexpectedAnswerError,
    UserMismatchError,
    ValidationError,
)
from transcription_worker.outbox.gate import Gate
from transcription_worker.outbox.jobs import Jobs
from transcription_worker.outbox.pace import LastSent, Waiting, due_at
from transcription_worker.outbox.schedule import Schedule
from transcription_worker.outbox.settings import OutboxSettings
from transcription_worker.outbox.verdict import (
    Circumstances,
    Pause,
    Refused,
    Removed,
    Resend,
    Smaller,
    Trouble,
    Verdict,
    Wait,
    Without,
    judge,
)

SETTINGS = OutboxSettings()
AT_ONCE = -math.inf


@pytest.mark.parametrize(
    ("waiting", "last", "expected"),
    [
        (Waiting(is_urgent=True, progress=None), LastSent(100, 10), AT_ONCE),
        (Waiting(is_urgent=True, progress=10), LastSent(100, 10), AT_ONCE),
        (Waiting(is_urgent=False, progress=10), None, AT_ONCE),
        (Waiting(is_urgent=False, progress=12), LastSent(100, 10), 101),
        (Waiting(is_urgent=False, progress=100), LastSent(100, 10), 101),
        (Waiting(is_urgent=False, progress=11.9), LastSent(100, 10), 110),
        (Waiting(is_urgent=False, progress=None), LastSent(100, 10), 110),
        (Waiting(is_urgent=False, progress=2), LastSent(100, 0), 101),
    ],
)
def test_pace(waiting: Waiting, last: LastSent | None, expected: float) -> None:
    assert due_at(waiting, last, SETTINGS) == expected


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 20) | st.none())))
def test_a_schedule_is_a_sorted_dictionary(steps: list[tuple[str, int | None]]) -> None:
    schedule = Schedule()
    expected: dict[str, int] = {}
    for job, due in steps:
        if due is None:
            schedule.remove(job)
            expected.pop(job, None)
        else:
            schedule.put(job, due)
            expected.pop(job, None)
            expected[job] = due
        assert schedule.next_due() == (min(expected.values()) if expected else None)
    popped = []
    while (job_or_none := schedule.pop(10)) is not None:
        popped.append(job_or_none)
    assert popped == sorted((job for job in expected if expected[job] <= 10), key=expected.get)  # type: ignore[arg-type]


def fail(gate: Gate, now: float, *jobs: str) -> bool:
    return gate.fail(now, [*jobs], "ConnectError")


def test_the_failures_of_two_jobs_close_the_gate_and_one_probe_goes_through() -> None:
    gate = Gate(SETTINGS, chance=lambda: 0.5)
    assert not fail(gate, 0, "a")
    assert not fail(gate, 0, "a")
    assert gate.may_send(0, 7)
    assert gate.trouble == "ConnectError"
    now, pauses = 0.0, []
    for _ in range(6):
        assert fail(gate, now, "b")
        assert fail(gate, now, "c")  # the others that were under way
        assert not gate.may_send(gate.closed_until - 0.01, 0)
        assert gate.may_send(gate.closed_until, 0)
        assert not gate.may_send(gate.closed_until, 1)
        pauses.append(gate.closed_until - now)
        now = gate.closed_until
    assert pauses == [0.5, 1, 2, 4, 5, 5]
    assert gate.open()
    assert not gate.open()
    assert gate.may_send(now, 7)
    assert not fail(gate, now, "a")
    assert fail(gate, now, "b")
    assert gate.closed_until - now == 0.5


def test_a_batch_that_fails_closes_the_gate_at_once() -> None:
    gate = Gate(SETTINGS)
    assert fail(gate, 0, "a", "b")


def test_after_ten_minutes_the_pauses_grow_to_a_minute() -> None:
    gate = Gate(SETTINGS, chance=lambda: 0.5)
    now = 0.0
    pauses = []
    while now < 1_000:
        fail(gate, now, "a", "b")
        pauses.append((now, gate.closed_until - now))
        now = gate.closed_until
    assert max(pause for at, pause in pauses if at < 600) == 5
    assert pauses[-1][1] == 60


def test_a_wrong_key_is_tried_again_sooner_at_first() -> None:
    gate = Gate(SETTINGS)
    now, pauses = 100.0, []
    for _ in range(7):
        pauses.append(gate.refuse_key(now, "unauthorized"))
        assert gate.refuse_key(now, "unauthorized") == pauses[-1]  # those under way
        now = gate.closed_until
    assert gate.reason == "unauthorized"
    assert pauses == [1, 2, 5, 10, 30, 30, 30]


CLOCK = Issue("timestamps.startedAt", "is more than a day ahead")
UNKNOWN = Issue("", 'Unrecognized key: "errorCode"')
UNKNOWN_INFO = Issue("audioInfo", 'Unrecognized keys: "bitRate", "codec"')
STAGE = Issue("stage", "too long")
BODY = {
    "jobId": "j",
    "status": "failed",
    "error": "x",
    "errorCode": "y",
    "timestamps": {"startedAt": "2026-01-01T00:00:00.000Z"},
    "audioInfo": {"bitRate": 1, "codec": "mp3", "channels": 2},
}


def invalid(*issues: Issue) -> ValidationError:
    return ValidationError("", issues=issues, status=400, code="invalid_payload")


def missing(**known: Any) -> dict[str, Any]:
    return {"trouble": Trouble.MISSING, **known}


def foreign(status: int = 403) -> UnexpectedAnswerError:
    return UnexpectedAnswerError("", status=status)


def internal() -> UnavailableError:
    return UnavailableError("", status=500, code="internal_error")


SHORT, LONG = 5.0, 60.0
REFUSED = Refused("invalid_payload")


@pytest.mark.parametrize(
    ("error", "update", "expected"),
    [
        (AuthenticationError("", status=401), {}, Pause()),
        (UserMismatchError("", status=403, code="user_mismatch"), {}, Refused("user_mismatch")),
        # 400: sent again without what a wrong clock or an older deployment is to blame for.
        (invalid(), {}, REFUSED),
        (invalid(STAGE), {"body": BODY}, REFUSED),
        (invalid(CLOCK), {"body": BODY}, Without(("timestamps",))),
        (invalid(UNKNOWN), {"body": BODY}, Without(("errorCode",))),
        (invalid(UNKNOWN_INFO), {"body": BODY},
         Without(("audioInfo.bitRate", "audioInfo.codec"))),
        (invalid(CLOCK, UNKNOWN), {"body": BODY}, Without(("errorCode", "timestamps"))),
        (invalid(CLOCK, STAGE), {"body": BODY}, REFUSED),
        (invalid(CLOCK), {"body": {"jobId": "j"}}, REFUSED),
        (invalid(Issue("", 'Unrecognized keys: "segments", "errorCode"')), {"body": BODY}, REFUSED),
        (invalid(Issue("result", 'Unrecognized key: "text"')), {"body": BODY}, REFUSED),
        # 409, 413.
        (SegmentGapError("", expected=5), {}, Resend(5)),
        (PayloadTooLargeError(""), {}, Smaller()),
        (PayloadTooLargeError(""), {"size": 4_095}, Wait(Trouble.FOREIGN, SHORT)),
        # 404: the row may not be there yet, or not any more.
        (JobNotFoundError("", retry_after=5), {}, Wait(Trouble.MISSING, SHORT, 5)),
        (JobNotFoundError("", retry_after=1e9), {}, Wait(Trouble.MISSING, SHORT, 60)),
        (JobNotFoundError(""), missing(seconds=599), Wait(Trouble.MISSING, SHORT)),
        (JobNotFoundError(""), missing(seconds=600), Refused("job_not_found")),
        (JobNotFoundError(""), {"trouble": Trouble.UNAVAILABLE, "seconds": 9_999},
         Wait(Trouble.MISSING, SHORT)),
        (JobNotFoundError(""), {"was_known": True}, Wait(Trouble.MISSING, SHORT)),
        (JobNotFoundError(""), missing(was_known=True, seconds=119), Wait(Trouble.MISSING, SHORT)),
        (JobNotFoundError(""), missing(was_known=True, seconds=120), Removed()),
        # 500 of ours: ten tries over ten minutes.
        (internal(), {}, Wait(Trouble.INTERNAL, LONG)),
        (internal(), {"trouble": Trouble.INTERNAL, "tries": 30, "seconds": 599},
         Wait(Trouble.INTERNAL, LONG)),
        (internal(), {"trouble": Trouble.INTERNAL, "tries": 8, "seconds": 9_999},
         Wait(Trouble.INTERNAL, LONG)),
        (internal(), {"trouble": Trouble.INTERNAL, "tries": 9, "seconds": 600},
         Refused("internal_error")),
        # Foreign answers: kept, until others pass and this one does not for a day.
        (foreign(404), {"was_known": True}, Wait(Trouble.FOREIGN, SHORT)),
        (foreign(302), {}, Wait(Trouble.FOREIGN, SHORT)),
        (foreign(200), {}, Wait(Trouble.FOREIGN, SHORT)),
        (foreign(), {"trouble": Trouble.FOREIGN, "seconds": 1e9}, Wait(Trouble.FOREIGN, LONG)),
        (foreign(), {"trouble": Trouble.FOREIGN, "seconds": 86_399, "others_accepted": True},
         Wait(Trouble.FOREIGN, LONG)),
        (foreign(), {"trouble": Trouble.FOREIGN, "seconds": 86_400, "others_accepted": True},
         Refused("http_403")),
        # Not now, or no answer: for ever.
        (UnavailableError("", unreachable=True), {}, Wait(Trouble.UNAVAILABLE, SHORT)),
        (UnavailableError(""), {"trouble": Trouble.UNAVAILABLE, "seconds": 599},
         Wait(Trouble.UNAVAILABLE, SHORT)),
        (UnavailableError(""),
         {"trouble": Trouble.UNAVAILABLE, "seconds": 1e9, "tries": 10**6, "others_accepted": True},
         Wait(Trouble.UNAVAILABLE, LONG)),
        (UnavailableError("", status=503, retry_after=1), {}, Wait(Trouble.UNAVAILABLE, SHORT, 1)),
        (UnavailableError("", status=429, retry_after=1e9), {},
         Wait(Trouble.UNAVAILABLE, SHORT, 60)),
    ],
)  # fmt: skip
def test_verdicts(error: ConvexError, update: dict[str, Any], expected: Verdict) -> None:
    assert judge(error, Circumstances(**update), SETTINGS) == expected


def test_a_probe_is_made_with_a_job_that_convex_took_updates_of() -> None:
    jobs = Jobs(SETTINGS, lambda: 100.0)
    for job_id in ("never_taken", "failing", "good", "late"):
        jobs.notify(job_id, Waiting(is_urgent=True, progress=None))
    turn = jobs.begin(100.0, 4)
    for job_id, job in turn[1:]:
        job.last_sent = LastSent(99.0, 0.0)
        if job_id == "failing":
            job.failed_at = 99.0
    for job_id, _ in turn:
        jobs.end(job_id)
    [(probe, _)] = jobs.begin(100.0, 1, is_probe=True)
    assert probe in ("good", "late")
    for job_id in ("good", "late"):
        jobs.notify(job_id, None)
    jobs.end(probe)
    assert jobs.begin(100.0, 1, is_probe=True)[0][0] == "never_taken"


def test_jobs_that_ended_elsewhere_are_forgotten() -> None:
    now = 100.0
    jobs = Jobs(SETTINGS, lambda: now)
    waiting = Waiting(is_urgent=True, progress=None)
    for job_id in ("ended", "recent", "waits", "unsettled", "under way"):
        jobs.notify(job_id, waiting)
    turn = dict(jobs.begin(now, 5))
    for job_id, job in turn.items():
        job.last_sent = LastSent(now - (1.0 if job_id == "recent" else 60.0), 0.0)
        if job_id != "waits":
            jobs.notify(job_id, None)
        if job_id != "under way":
            jobs.end(job_id)
    turn["unsettled"].unsettled = lambda _: None
    jobs.forget_idle()
    assert jobs._jobs.keys() == {"recent", "waits", "unsettled", "under way"}
