"""The client's settings, its health check and its logs."""

import asyncio
from pathlib import Path

import pytest

from support.logs import capture_logs
from support.scripted_server import Answer, ScriptedServer, first_then_accept, refused
from transcription_worker import (
    AuthenticationError,
    ConfigurationError,
    ConvexClient,
    RetryPolicy,
    SyncConvexClient,
    ValidationError,
)

UPDATE = {"job_id": "job-1", "status": "processing", "progress": 42}


async def test_health_tells_whether_the_key_is_right(
    server: ScriptedServer, client: ConvexClient
) -> None:
    server.script = lambda _: Answer(200, {"ok": True})
    await client.health()
    assert server.received[0].path == "/health"
    server.script = lambda _: refused(401, "unauthorized")
    with pytest.raises(AuthenticationError, match="CONVEX_API_KEY"):
        await client.health()


async def test_sending_can_be_turned_off(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONVEX_SYNC_ENABLED", "false")
    async with ConvexClient.from_env() as client:
        outcome = await client.update_job_status(UPDATE)
        assert (outcome.outcome, outcome.status) == ("disabled", "processing")
        with pytest.raises(ValidationError):
            await client.update_job_status({"job_id": "j"})
        await client.health()
    assert server.received == []


async def test_from_env_sends_the_first_key_to_the_site(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONVEX_URL", "https://happy-animal-123.convex.cloud")
    monkeypatch.setenv("CONVEX_SITE_URL", server.url)
    monkeypatch.setenv("CONVEX_API_KEY", "old, new")
    async with ConvexClient.from_env() as client:
        await client.update_job_status(UPDATE)
    assert server.received[0].headers["authorization"] == "Bearer old"


async def test_from_env_reads_nothing_but_convex(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    theirs = {"LOG_LEVEL": "TRACE", "OPENAI_TIMEOUT": "30s", "WORKER_PORT": "http"}
    for name, value in theirs.items():
        monkeypatch.setenv(name, value)
    (tmp_path / ".env").write_text("MAX_CONCURRENT_JOBS=all\nTRANSCRIPTION_ENGINE=mine\n")
    monkeypatch.setenv("CONVEX_SITE_URL", server.url)
    monkeypatch.setenv("CONVEX_API_KEY", "key")
    async with ConvexClient.from_env() as client:
        assert (await client.update_job_status(UPDATE)).outcome == "applied"
    with SyncConvexClient.from_env() as sync_client:
        outcome = await asyncio.to_thread(sync_client.update_job_status, UPDATE)
    assert outcome.outcome == "applied"


def test_a_client_needs_an_address_and_a_key() -> None:
    with pytest.raises(ConfigurationError, match="CONVEX_URL is not set"):
        ConvexClient.from_env()
    with pytest.raises(ConfigurationError, match="CONVEX_API_KEY"):
        ConvexClient("http://127.0.0.1:3210", " ")
    with pytest.raises(ConfigurationError, match="http"):
        ConvexClient("happy-animal-123", "key")


async def test_each_try_is_one_log_record_without_key_or_transcript(
    server: ScriptedServer,
) -> None:
    server.script = first_then_accept(refused(503, "unavailable"))
    said = "the secret plan"
    with capture_logs() as logs:
        async with ConvexClient(
            server.url, "secret-key", retry=RetryPolicy(base_delay=0.01)
        ) as client:
            await client.update_job_status(
                {
                    **UPDATE,
                    "sequence": 7,
                    "segments": {"offset": 0, "items": [{"start": 0, "end": 1, "text": said}]},
                }
            )
            server.script = lambda _: refused(401, "unauthorized")
            with pytest.raises(AuthenticationError):
                await client.update_job_status(UPDATE)
    assert [(log["event"], log["attempt"], log["status_code"]) for log in logs] == [
        ("update_retry", 1, 503),
        ("update_accepted", 2, 200),
        ("update_failed", 1, 401),
    ]
    assert all(log["job_id"] == "job-1" and log["ms"] >= 0 for log in logs)
    assert [log["sequence"] for log in logs] == [7, 7, None]
    assert said not in str(logs)
    assert "secret-key" not in str(logs)
