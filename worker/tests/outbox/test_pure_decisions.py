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
    SegmentGapError,
    UnavailableError,
    UnexpectedAnswerError,
    UserMismatchError,
    ValidationError,
)
from transcription_worker.outbox.gate import Gate
from transcription_worker.outbox.pace import LastSent, Waiting, due_at
from transcription_worker.outbox.schedule import Schedule
from transcription_worker.outbox.settings import OutboxSettings
from transcription_worker.outbox.verdict import (
    Bury,
    Circumstances,
    Pause,
    Removed,
    Resend,
    Unreachable,
    Verdict,
    Wait,
    WithoutTimestamps,
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


def test_a_gate_backs_off_to_five_seconds_and_lets_one_probe_through() -> None:
    gate = Gate(SETTINGS, chance=lambda: 0.5)
    assert gate.may_send(0, 7)
    now, pauses = 0.0, []
    for _ in range(6):
        gate.close_unreachable(now, "ConnectError")
        gate.close_unreachable(now, "ConnectError")  # the others that were under way
        assert not gate.may_send(gate.closed_until - 0.01, 0)
        assert gate.may_send(gate.closed_until, 0)
        assert not gate.may_send(gate.closed_until, 1)
        pauses.append(gate.closed_until - now)
        now = gate.closed_until
    assert pauses == [0.5, 1, 2, 4, 5, 5]
    assert gate.open()
    assert not gate.open()
    assert gate.may_send(now, 7)
    gate.close_unreachable(now, "ConnectError")
    assert gate.closed_until - now == 0.5


def test_a_wrong_key_closes_the_gate_for_a_minute() -> None:
    gate = Gate(SETTINGS)
    gate.pause(100, "unauthorized")
    assert (gate.reason, gate.closed_until) == ("unauthorized", 160)


CLOCK = (Issue("timestamps.startedAt", "is more than a day ahead"),)
MIXED = (*CLOCK, Issue("stage", "too long"))


@pytest.mark.parametrize(
    ("error", "job", "expected"),
    [
        (AuthenticationError("", status=401), {}, Pause()),
        (UserMismatchError("", status=403, code="user_mismatch"), {}, Bury("user_mismatch")),
        (UnexpectedAnswerError("", status=403), {}, Bury("http_403")),
        (ValidationError("", status=400, code="invalid_payload"), {}, Bury("invalid_payload")),
        (ValidationError("", status=413, code="payload_too_large"), {}, Bury("payload_too_large")),
        (UnexpectedAnswerError("", status=413), {}, Bury("http_413")),
        (ValidationError("", issues=CLOCK, status=400, code="invalid_payload"),
         {"has_timestamps": True}, WithoutTimestamps()),
        (ValidationError("", issues=CLOCK, status=400, code="invalid_payload"),
         {}, Bury("invalid_payload")),
        (ValidationError("", issues=MIXED, status=400, code="invalid_payload"),
         {"has_timestamps": True}, Bury("invalid_payload")),
        (SegmentGapError("", expected=5), {}, Resend(5)),
        (JobNotFoundError("", retry_after=5), {}, Wait(SETTINGS.backoff, 5)),
        (JobNotFoundError(""), {"missing_for": 599}, Wait(SETTINGS.backoff, 5)),
        (JobNotFoundError(""), {"missing_for": 600}, Bury("job_not_found")),
        (JobNotFoundError(""), {"was_known": True}, Removed()),
        (UnexpectedAnswerError("", status=404), {"was_known": True},
         Wait(SETTINGS.unexpected_backoff)),
        (UnexpectedAnswerError("", status=302), {}, Wait(SETTINGS.unexpected_backoff)),
        (UnexpectedAnswerError("", status=200), {}, Wait(SETTINGS.unexpected_backoff)),
        (UnexpectedAnswerError("", status=415), {}, Wait(SETTINGS.unexpected_backoff)),
        (UnavailableError("", unreachable=True), {}, Unreachable()),
        (UnavailableError(""), {}, Wait(SETTINGS.backoff)),
        (UnavailableError("", status=503, retry_after=1), {}, Wait(SETTINGS.backoff, 1)),
        (UnavailableError("", status=503, retry_after=1e9), {}, Wait(SETTINGS.backoff, 600)),
    ],
)  # fmt: skip
def test_verdicts(error: ConvexError, job: dict[str, Any], expected: Verdict) -> None:
    assert judge(error, Circumstances(**job)) == expected
