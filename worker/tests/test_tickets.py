"""Tickets as Convex gives them out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcription_worker.tickets import bearer_token, is_valid_ticket, sign_ticket

NOW = 1_800_000_000.0
TICKET = sign_ticket("key-1", "job-1", 1_800_000_060)


def test_is_the_one_that_convex_signs() -> None:
    # Computed with openssl: printf 'ticket.v1\njob-1\n1800000060' | openssl dgst -sha256 -hmac …
    assert TICKET == "1800000060.ycfQN2h_wWFCzit5g8V6KlfDKYpZRevnE1UyuSPCiwU"


@pytest.mark.parametrize("keys", [["key-1"], ["key-1", "key-2"], ["key-2", "key-1"]])
def test_any_of_the_keys_may_have_signed(keys: list[str]) -> None:
    assert is_valid_ticket(TICKET, "job-1", keys, NOW)


@pytest.mark.parametrize("keys", [[], ["key-2"], ["key-1 "], [""]])
def test_another_key_is_refused(keys: list[str]) -> None:
    assert not is_valid_ticket(TICKET, "job-1", keys, NOW)


@pytest.mark.parametrize(("now", "valid"), [(1_800_000_059.9, True), (1_800_000_060.0, False)])
def test_ends_at_its_expiry(now: float, valid: bool) -> None:
    assert is_valid_ticket(TICKET, "job-1", ["key-1"], now) is valid


@pytest.mark.parametrize("job_id", ["job-2", "job-1 ", "", "job-1\n", "jöb", "\udc80"])
def test_is_for_one_job(job_id: str) -> None:
    assert not is_valid_ticket(TICKET, job_id, ["key-1"], NOW)


@pytest.mark.parametrize(
    "ticket",
    [
        "",
        ".",
        TICKET + "=",
        " " + TICKET,
        TICKET + "\n",
        TICKET.replace("1800000060", "1800000061"),
        TICKET.replace("1800000060", "01800000060"),
        TICKET.replace("1800000060", "١٨٠٠٠٠٠٠٦٠"),
        "1800000060",
        "9" * 5000 + TICKET[10:],
    ],
)
def test_a_changed_ticket_is_refused(ticket: str) -> None:
    assert not is_valid_ticket(ticket, "job-1", ["key-1"], NOW)


@given(position=st.integers(11, len(TICKET) - 2), character=st.sampled_from("AZaz09-_"))
def test_a_changed_signature_is_refused(position: int, character: str) -> None:
    changed = TICKET[:position] + character + TICKET[position + 1 :]
    assert is_valid_ticket(changed, "job-1", ["key-1"], NOW) is (changed == TICKET)


@given(key=st.text("abc", min_size=1), job_id=st.text("ab.:-", min_size=1))
def test_what_is_signed_is_valid(key: str, job_id: str) -> None:
    assert is_valid_ticket(sign_ticket(key, job_id, 1_800_000_001), job_id, [key], NOW)


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer   abc ", "abc"),
        ("Basic abc", None),
        ("Bearer", None),
        ("Bearer ", None),
        ("abc", None),
        ("", None),
        (None, None),
    ],
)
def test_token_of_a_header(header: str | None, token: str | None) -> None:
    assert bearer_token(header) == token
