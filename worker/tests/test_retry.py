"""The retry policy's pure functions."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcription_worker.retry import RetryPolicy, delay, is_retried, parse_retry_after

POLICY = RetryPolicy()


@pytest.mark.parametrize(("failures", "expected"), [(1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0)])
def test_delays_double(failures: int, expected: float) -> None:
    assert delay(POLICY, failures, 0.5, None) == expected
    assert delay(POLICY, failures, 0.0, None) == expected * 0.75
    assert delay(POLICY, failures, 1.0, None) == expected * 1.25


@given(st.integers(0, 10**9), st.floats(0, 1), st.none() | st.floats(0, 1e6))
def test_no_delay_exceeds_the_longest_but_for_what_the_server_asks(
    failures: int, chance: float, retry_after: float | None
) -> None:
    policy = RetryPolicy(max_delay=5.0)
    pause = delay(policy, failures, chance, retry_after)
    assert 0.375 <= pause <= max(5.0, retry_after or 0)
    assert pause >= (retry_after or 0)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_what_may_succeed_later_is_retried(status: int) -> None:
    assert is_retried(status)


@pytest.mark.parametrize("status", [200, 301, 307, 400, 401, 403, 404, 409, 413, 415, 422, 600])
def test_what_cannot_is_not(status: int) -> None:
    assert not is_retried(status)


NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
IN_A_MINUTE = "Sat, 31 Jan 2026 12:01:00 GMT"


@pytest.mark.parametrize(
    ("header", "date", "expected"),
    [
        (None, None, None),
        ("7", None, 7.0),
        (" 0 ", None, 0.0),
        ("-3", None, None),
        ("1.5", None, None),
        ("soon", None, None),
        ("", None, None),
        ("٣", None, None),
        ("9" * 400, None, 999_999_999_999_999.0),
        (IN_A_MINUTE, None, 60.0),
        ("Sat, 31 Jan 2026 11:00:00 GMT", None, 0.0),
        # This machine's clock says noon; the server says when it really is.
        (IN_A_MINUTE, "Sat, 31 Jan 2026 12:00:50 GMT", 10.0),
        (IN_A_MINUTE, "nonsense", 60.0),
        ("Sat, 31 Jan 2026 12:01:00 -0000", None, 60.0),
    ],
)
def test_retry_after_holds_seconds_or_a_date(
    header: str | None, date: str | None, expected: float | None
) -> None:
    assert parse_retry_after(header, date=date, now=NOW) == expected


@given(st.text(), st.text())
def test_retry_after_takes_any_header(header: str, date: str) -> None:
    seconds = parse_retry_after(header, date=date, now=NOW)
    assert seconds is None or seconds >= 0
