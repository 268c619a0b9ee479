"""The client against a server that misbehaves in every way that a network has."""

import asyncio
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.scripted_server import (
    Answer,
    Close,
    Garbage,
    Hang,
    Received,
    Reply,
    Reset,
    ScriptedServer,
    accepted,
    first_then_accept,
    refused,
)
from transcription_worker import (
    AuthenticationError,
    ConvexClient,
    ConvexError,
    JobNotFoundError,
    PayloadTooLargeError,
    RetryPolicy,
    SegmentGapError,
    UnavailableError,
    UnexpectedAnswerError,
    UserMismatchError,
    ValidationError,
)
from transcription_worker.answers import read_outcome

UPDATE = {"job_id": "job-1", "status": "processing", "progress": 42}
QUICK = RetryPolicy(base_delay=0.01)


def quick(server: ScriptedServer, **options: Any) -> ConvexClient:
    return ConvexClient(server.url, "secret-key", retry=QUICK, **options)


async def test_an_update_goes_out_as_the_endpoint_wants_it(
    server: ScriptedServer, client: ConvexClient
) -> None:
    tokyo = timezone(timedelta(hours=9))
    started = datetime(2026, 1, 31, 21, 0, 0, 123_500, tzinfo=tokyo)
    outcome = await client.update_job_status(
        {
            "job_id": "job-1",
            "status": "processing",
            "estimated_time_remaining": 12.5,
            "audio_info": {"sample_rate": 16000},
            "timestamps": {"started_at": started},
            "stage": None,
        }
    )
    assert (outcome.outcome, outcome.status, outcome.attempt) == ("applied", "processing", 1)
    [request] = server.received
    assert (request.method, request.path) == ("POST", "/updateTranscriptionJob")
    assert request.headers["authorization"] == "Bearer secret-key"
    assert request.headers["content-type"] == "application/json"
    assert request.json == {
        "jobId": "job-1",
        "status": "processing",
        "estimatedTimeRemaining": 12.5,
        "audioInfo": {"sampleRate": 16000},
        "timestamps": {"startedAt": "2026-01-31T21:00:00.124+09:00"},
        "attempt": 1,
    }


async def test_one_connection_serves_many_updates(
    server: ScriptedServer, client: ConvexClient
) -> None:
    for progress in range(20):
        await client.update_job_status(UPDATE | {"progress": progress})
    assert (len(server.received), server.connections) == (20, 1)


@pytest.mark.parametrize(
    "reply",
    [
        Answer(408),
        Answer(425),
        refused(429, "slow_down", {"Retry-After": "0"}),
        Answer(500, b"<h1>Internal Server Error</h1>"),
        Answer(502),
        refused(503, "unavailable"),
        Answer(599),
        Close(),
        Reset(),
        Garbage(),
    ],
    ids=lambda reply: getattr(reply, "status", type(reply).__name__),
)
async def test_what_may_succeed_later_is_tried_again(server: ScriptedServer, reply: Reply) -> None:
    server.script = first_then_accept(reply, reply, reply)
    async with quick(server) as client:
        outcome = await client.update_job_status(UPDATE)
    assert outcome.outcome == "applied"
    assert [update["progress"] for update in server.updates] == [42] * 4


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (
            refused(400, "invalid_payload", issues=[{"path": "a.b", "message": "no"}]),
            ValidationError,
        ),
        (refused(400, "invalid_json"), ValidationError),
        (refused(401, "unauthorized"), AuthenticationError),
        (Answer(401), UnexpectedAnswerError),
        (refused(403, "user_mismatch"), UserMismatchError),
        (Answer(403, b"Forbidden by the firewall"), UnexpectedAnswerError),
        (refused(404, "job_not_found", {"Retry-After": "5"}), JobNotFoundError),
        (Answer(404, b"No matching routes found"), UnexpectedAnswerError),
        (refused(409, "segment_gap", expected=7), SegmentGapError),
        (refused(409, "segment_gap", expected="7"), UnexpectedAnswerError),
        (refused(413, "payload_too_large"), PayloadTooLargeError),
        (refused(415, "unsupported_media_type"), UnexpectedAnswerError),
        (Answer(422), UnexpectedAnswerError),
        (Answer(301, headers={"Location": "/elsewhere"}), UnexpectedAnswerError),
        (Answer(307, headers={"Location": "/elsewhere"}), UnexpectedAnswerError),
        (Answer(204), UnexpectedAnswerError),
        (Answer(200, b"<html>Sign in to this Wi-Fi</html>"), UnexpectedAnswerError),
        (Answer(200, {"ok": True}), UnexpectedAnswerError),
        (Answer(200, b"[" * 100_000), UnexpectedAnswerError),
        (Answer(200, b"x" * 1_000_000), UnexpectedAnswerError),
    ],
)
async def test_what_cannot_is_raised_at_once(
    server: ScriptedServer, client: ConvexClient, reply: Answer, error: type[ConvexError]
) -> None:
    server.script = lambda _: reply
    with pytest.raises(error) as caught:
        await client.update_job_status(UPDATE)
    assert type(caught.value) is error
    assert caught.value.status == reply.status
    assert len(server.received) == 1
    if isinstance(caught.value, SegmentGapError):
        assert caught.value.expected == 7
    if isinstance(caught.value, JobNotFoundError):
        assert caught.value.retry_after == 5
    if isinstance(caught.value, ValidationError) and caught.value.code == "invalid_payload":
        assert [(issue.path, issue.message) for issue in caught.value.issues] == [("a.b", "no")]


async def test_after_three_retries_it_gives_up_and_says_so(server: ScriptedServer) -> None:
    server.script = lambda _: refused(503, "unavailable")
    async with quick(server) as client:
        with pytest.raises(UnavailableError) as caught:
            await client.update_job_status(UPDATE)
    assert (caught.value.attempts, caught.value.status) == (4, 503)
    assert len(server.received) == 4


async def test_a_refused_connection_is_tried_again(server: ScriptedServer) -> None:
    await server.stop()
    async with ConvexClient(server.url, "k", retry=RetryPolicy(base_delay=0.2)) as client:
        sending = asyncio.create_task(client.update_job_status(UPDATE))
        await asyncio.sleep(0.05)
        await server.start()
        assert (await sending).outcome == "applied"


async def test_no_server_at_all_is_unreachable(server: ScriptedServer) -> None:
    await server.stop()
    async with quick(server) as client:
        with pytest.raises(UnavailableError) as caught:
            await client.update_job_status(UPDATE)
    assert caught.value.unreachable
    assert caught.value.attempts == 4


@pytest.mark.parametrize(
    "reply",
    [Hang(), Answer(200, b"x" * 10_000, drip=0.01)],
    ids=["no answer", "an answer that drips"],
)
async def test_no_server_holds_the_client_for_long(server: ScriptedServer, reply: Reply) -> None:
    server.script = lambda _: reply
    async with quick(server, timeout=0.15) as client:
        with pytest.raises(UnavailableError) as caught:
            async with asyncio.timeout(30):
                await client.update_job_status(UPDATE)
    assert caught.value.attempts == 4
    assert not caught.value.unreachable


async def test_retry_after_is_waited_for(server: ScriptedServer) -> None:
    server.script = first_then_accept(refused(429, "slow_down", {"Retry-After": "1"}))
    async with quick(server) as client:
        await client.update_job_status(UPDATE)
    first, second = server.received
    assert second.at - first.at >= 1.0


async def test_a_date_in_retry_after_is_waited_for(server: ScriptedServer) -> None:
    # The server's clock is years behind; only its own two times count.
    headers = {
        "Date": "Wed, 21 Oct 2015 07:28:00 GMT",
        "Retry-After": "Wed, 21 Oct 2015 07:28:01 GMT",
    }
    server.script = first_then_accept(Answer(503, headers=headers))
    async with quick(server) as client:
        await client.update_job_status(UPDATE)
    first, second = server.received
    assert second.at - first.at >= 1.0


async def test_a_long_retry_after_is_left_to_the_caller(server: ScriptedServer) -> None:
    server.script = lambda _: Answer(503, headers={"Retry-After": "3600"})
    async with quick(server) as client:
        with pytest.raises(UnavailableError) as caught:
            await client.update_job_status(UPDATE)
    assert (caught.value.retry_after, caught.value.attempts) == (3600, 1)


async def test_an_invalid_update_is_never_sent(
    server: ScriptedServer, client: ConvexClient
) -> None:
    naive = datetime(2026, 1, 31, 12, 0, 0)  # noqa: DTZ001
    with pytest.raises(ValidationError, match="time zone") as caught:
        await client.update_job_status(
            {"job_id": "j", "status": "processing", "timestamps": {"started_at": naive}}
        )
    assert caught.value.issues[0].path == "timestamps.startedAt"
    with pytest.raises(ValidationError, match='Unrecognized key: "jobID"'):
        await client.update_job_status({"jobID": "j", "job_id": "j", "status": "processing"})
    assert server.received == []


async def test_a_cancelled_caller_leaves_the_client_usable(server: ScriptedServer) -> None:
    server.script = lambda _: Hang()
    async with quick(server) as client:
        sending = asyncio.create_task(client.update_job_status(UPDATE))
        while not server.received:
            await asyncio.sleep(0.01)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        server.script = accepted
        assert (await client.update_job_status(UPDATE)).outcome == "applied"


async def test_a_large_body_gets_more_time(server: ScriptedServer) -> None:
    async def slowly(request: Received) -> Reply:
        await asyncio.sleep(0.3)
        return accepted(request)

    server.script = slowly
    segment = {"start": 0, "end": 1, "text": "x" * 60_000}
    update = {"job_id": "j", "status": "completed", "result": {"segments": [segment] * 20}}
    async with quick(server, timeout=0.1) as client:
        assert (await client.update_job_status(update)).outcome == "applied"


@given(st.integers(100, 599), st.dictionaries(st.text(), st.text()), st.binary())
def test_any_answer_is_an_outcome_or_one_of_our_errors(
    status: int, headers: dict[str, str], body: bytes
) -> None:
    with pytest.raises(ConvexError):
        read_outcome(status, headers, body)
