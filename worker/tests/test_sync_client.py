"""The synchronous client: the same answers and errors, and what only threads and forks bring."""

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from support.scripted_server import (
    Answer,
    Close,
    Garbage,
    Hang,
    Raw,
    Received,
    Reply,
    Reset,
    ScriptedServer,
    accepted,
    first_then_accept,
    refused,
    scripted_server,
)
from transcription_worker import (
    AuthenticationError,
    ConvexClient,
    ConvexError,
    JobNotFoundError,
    RetryPolicy,
    SegmentGapError,
    SyncConvexClient,
    UnavailableError,
    UnexpectedAnswerError,
    UsageError,
    ValidationError,
)

UPDATE = {"job_id": "job-1", "status": "processing", "progress": 42}
QUICK = RetryPolicy(base_delay=0.01)
T = TypeVar("T")


async def in_thread(work: Callable[[], T]) -> T:
    """The server runs in this thread's loop; nothing here takes half a minute."""
    async with asyncio.timeout(30):
        return await asyncio.to_thread(work)


def quick(server: ScriptedServer, **options: Any) -> SyncConvexClient:
    return SyncConvexClient(server.url, "secret-key", retry=QUICK, **options)


async def test_both_clients_send_the_same(server: ScriptedServer) -> None:
    with quick(server) as client:
        outcome = await in_thread(lambda: client.update_job_status(UPDATE))
    async with ConvexClient(server.url, "secret-key") as other:
        assert await other.update_job_status(UPDATE) == outcome
    first, second = server.received
    assert (first.method, first.path, first.body) == (second.method, second.path, second.body)
    assert first.headers == second.headers


async def test_one_connection_serves_many_updates(server: ScriptedServer) -> None:
    with quick(server) as client:
        for _ in range(10):
            await in_thread(lambda: client.update_job_status(UPDATE))
    assert (len(server.received), server.connections) == (10, 1)


@pytest.mark.parametrize(
    "reply",
    [Answer(502), refused(429, "slow_down", {"Retry-After": "0"}), Close(), Reset(), Garbage()],
    ids=lambda reply: getattr(reply, "status", type(reply).__name__),
)
async def test_what_may_succeed_later_is_tried_again(server: ScriptedServer, reply: Reply) -> None:
    server.script = first_then_accept(reply, reply, reply)
    with quick(server) as client:
        outcome = await in_thread(lambda: client.update_job_status(UPDATE))
    assert (outcome.outcome, len(server.received)) == ("applied", 4)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (refused(400, "invalid_payload"), ValidationError),
        (refused(401, "unauthorized"), AuthenticationError),
        (refused(404, "job_not_found"), JobNotFoundError),
        (refused(409, "segment_gap", expected=7), SegmentGapError),
        (Answer(404, b"No matching routes found"), UnexpectedAnswerError),
        (Answer(307, headers={"Location": "/elsewhere"}), UnexpectedAnswerError),
    ],
)
async def test_what_cannot_is_raised_at_once(
    server: ScriptedServer, reply: Answer, error: type[ConvexError]
) -> None:
    server.script = lambda _: reply
    with quick(server) as client:
        with pytest.raises(error):
            await in_thread(lambda: client.update_job_status(UPDATE))
        assert len(server.received) == 1
        server.script = accepted
        await in_thread(lambda: client.update_job_status(UPDATE))


async def test_an_answer_without_end_is_refused_by_both(
    server: ScriptedServer, client: ConvexClient
) -> None:
    server.script = lambda _: Answer(200, b"x" * 3_000_000)
    with pytest.raises(UnexpectedAnswerError, match="too long"):
        await client.update_job_status(UPDATE)
    with quick(server) as sync_client, pytest.raises(UnexpectedAnswerError, match="too long"):
        await in_thread(lambda: sync_client.update_job_status(UPDATE))


@pytest.mark.parametrize(
    "reply",
    [
        Hang(),
        Answer(200, b"x" * 10_000, drip=0.01),
        Raw(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 10_000, 0.01),
        Raw(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 10_000, 0.01),
    ],
    ids=["no answer", "a body that drips", "a head that drips", "a body without a length"],
)
async def test_no_server_holds_the_client_for_long(server: ScriptedServer, reply: Reply) -> None:
    server.script = lambda _: reply
    with SyncConvexClient(server.url, "k", timeout=0.2, retry=RetryPolicy(retries=0)) as client:
        with pytest.raises(UnavailableError, match=r"no answer within 0\.2 s") as caught:
            await in_thread(lambda: client.update_job_status(UPDATE))
        assert not caught.value.unreachable
        server.script = accepted
        await in_thread(lambda: client.update_job_status(UPDATE))


async def test_no_server_at_all_is_unreachable(server: ScriptedServer) -> None:
    await server.stop()
    with quick(server) as client, pytest.raises(UnavailableError) as caught:
        await in_thread(lambda: client.update_job_status(UPDATE))
    assert (caught.value.unreachable, caught.value.attempts) == (True, 4)


async def test_threads_share_a_client_and_its_connections(server: ScriptedServer) -> None:
    async def slowly(request: Received) -> Reply:
        await asyncio.sleep(0.01)
        return accepted(request)

    server.script = slowly
    with quick(server, max_connections=3) as client, ThreadPoolExecutor(8) as threads:
        loop = asyncio.get_running_loop()
        updates = [UPDATE | {"job_id": f"job-{number}"} for number in range(40)]
        await asyncio.gather(
            *(loop.run_in_executor(threads, client.update_job_status, one) for one in updates)
        )
    assert sorted(u["jobId"] for u in server.updates) == sorted(str(u["job_id"]) for u in updates)
    assert server.most_under_way <= 3
    assert server.connections <= 3


async def test_who_finds_no_place_in_time_is_told(server: ScriptedServer) -> None:
    server.script = lambda _: Hang()
    with quick(server, max_connections=1, timeout=0.2) as client:
        results = await asyncio.gather(
            *(in_thread(lambda: client.update_job_status(UPDATE)) for _ in range(3)),
            return_exceptions=True,
        )
    assert [type(result) for result in results] == [UnavailableError] * 3


async def test_a_closed_client_says_so(server: ScriptedServer) -> None:
    client = quick(server)
    await in_thread(lambda: client.update_job_status(UPDATE))
    client.close()
    client.close()
    with pytest.raises(UsageError, match="closed") as caught:
        client.update_job_status(UPDATE)
    assert caught.value.code == "closed"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
async def test_a_forked_process_opens_connections_of_its_own(server: ScriptedServer) -> None:
    def in_child(client: SyncConvexClient) -> int:
        child = os.fork()
        if child == 0:
            try:
                client.update_job_status(UPDATE | {"job_id": "child"})
                client.close()
                os._exit(0)
            finally:
                os._exit(1)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    with quick(server) as client:
        await in_thread(lambda: client.update_job_status(UPDATE))
        assert await in_thread(lambda: in_child(client)) == 0
        await in_thread(lambda: client.update_job_status(UPDATE))
    assert [request.connection for request in server.received] == [1, 2, 1]


def test_an_async_client_in_a_second_loop_says_what_to_do() -> None:
    """Each `asyncio.run` has a loop of its own; the connections are of the first."""

    async def use(client: ConvexClient | None) -> ConvexClient:
        async with scripted_server() as server:
            # So that nothing of the first loop is left open.
            closing = {"Connection": "close"}
            server.script = lambda request: replace(accepted(request), headers=closing)
            client = client or ConvexClient(server.url, "key")
            await client.update_job_status(UPDATE)
            return client

    client = asyncio.run(use(None))
    with pytest.raises(UsageError, match="SyncConvexClient") as caught:
        asyncio.run(use(client))
    assert caught.value.code == "wrong_event_loop"


def test_no_timer_is_left_running() -> None:
    for timer in [each for each in threading.enumerate() if isinstance(each, threading.Timer)]:
        timer.join(30)
        assert not timer.is_alive()
