"""The routes for one job, and who may use them."""

import time
from typing import Any

import pytest

from support.api_harness import FAR, KEYS, Api, bearer
from support.outbox_stats import STATS
from support.waiting import until, until_async
from transcription_worker import OutboxStats
from transcription_worker.tickets import sign_ticket


async def test_a_job_from_upload_to_end(api: Api) -> None:
    fields = {"language": "en", "initial_prompt": "Ann", "hotwords": "Bo", "temperature": "0.5"}
    answer = await api.upload("job-1", fields=fields)
    assert (answer.status_code, answer.json()) == (202, {"job_id": "job-1", "status": "pending"})
    run = await api.harness.engine.next_run()
    options = run.options
    assert (options.language, options.initial_prompt, options.temperature) == ("en", "Ann", 0.5)
    assert options.hotwords == "Bo"
    run.say(0.5, "one", "two")

    async def halfway() -> Any:
        job = await api.job("job-1")
        return job if job["segmentCount"] == 2 else None

    job = await until_async(halfway)
    assert job == {
        "jobId": "job-1",
        "status": "processing",
        "progress": 52.0,
        "stage": "transcribing",
        "message": "Transcribing",
        "fileName": "talk.flac",
        "fileSize": 194_700,
        "audioInfo": {
            "duration": 13.67,
            "sampleRate": 16_000,
            "channels": 1,
            "format": "flac",
            "sizeBytes": 194_700,
        },
        "attempt": 1,
        "segmentCount": 2,
        "estimatedTimeRemaining": job["estimatedTimeRemaining"],
        "sequence": job["sequence"],
        "createdAt": job["createdAt"],
        "startedAt": job["startedAt"],
        "updatedAt": job["updatedAt"],
    }
    now = time.time() * 1000
    assert job["createdAt"] <= job["startedAt"] <= job["updatedAt"] <= now
    assert now - job["createdAt"] < 3_600_000
    run.finish()

    async def whole() -> Any:
        job = await api.job("job-1")
        return job if job["status"] == "completed" else None

    job = await until_async(whole)
    assert job["progress"] == 100
    assert job["endedBy"] == "worker"
    assert job["completedAt"] >= job["startedAt"]
    assert job["result"] == {
        "text": "one two",
        "textLength": 7,
        "language": "en",
        "duration": 13.67,
        "model": "step model",
    }
    assert not {"stage", "message", "estimatedTimeRemaining", "error"} & job.keys()


async def test_a_long_text_is_shortened_as_on_convex(api: Api) -> None:
    await api.upload("job-1")
    run = await api.harness.engine.next_run()
    run.say(1.0, "é" * 5_000 + "😀")
    run.finish()

    async def result() -> Any:
        return (await api.job("job-1")).get("result")

    shown = await until_async(result)
    assert shown["text"] == "é" * 512
    assert shown["textLength"] == 5_002


async def test_a_failure_is_told(api: Api) -> None:
    await api.upload("job-1")
    (await api.harness.engine.next_run()).fail(RuntimeError("x"))

    async def error() -> Any:
        return (await api.job("job-1")).get("error")

    assert await until_async(error) == "The worker made a mistake; its log says which."


async def test_deleting_cancels(api: Api) -> None:
    await api.upload("job-1")
    run = await api.harness.engine.next_run()
    answer = await api.http.delete("/job/job-1", headers=bearer("job-1"))
    assert answer.status_code == 200
    assert answer.json()["status"] == "cancelled"
    await until(run.stopped.is_set)
    again = await api.http.delete("/job/job-1", headers=bearer("job-1"))
    assert again.json() == answer.json()


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_an_unknown_job_is_not_found(method: str, api: Api) -> None:
    answer = await api.http.request(method, "/job/nobody", headers=bearer("nobody"))
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "job_not_found"


REFUSED: list[dict[str, str]] = [
    {},
    {"Authorization": ""},
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer new-key"},
    {"Authorization": "Basic " + sign_ticket(KEYS[0], "job-1", FAR)},
    bearer("job-2"),
    bearer("job-1", key="unknown-key"),
    bearer("job-1", key=""),
    bearer("job-1", expiry=int(time.time()) - 1),
    {"Authorization": bearer("job-1")["Authorization"][:-1]},
]


@pytest.mark.parametrize("headers", REFUSED)
@pytest.mark.parametrize("route", ["POST /transcribe-job", "GET /job/job-1", "DELETE /job/job-1"])
async def test_without_a_valid_ticket_nothing_happens(
    route: str, headers: dict[str, str], api: Api
) -> None:
    method, path = route.split(" ")
    if method == "POST":
        answer = await api.upload("job-1", headers=headers)
    else:
        await api.upload("job-1")
        answer = await api.http.request(method, path, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["error"]["code"] == "unauthorized"
    job = await api.harness.service.get("job-1")
    assert job is None if method == "POST" else job is not None
    if method == "POST":
        assert api.harness.file_names() == set()
    elif job is not None:
        assert job.state != "ended"


@pytest.mark.parametrize("key", KEYS)
async def test_a_ticket_of_any_key_is_good(key: str, api: Api) -> None:
    answer = await api.upload("job-1", headers=bearer("job-1", key=key))
    assert answer.status_code == 202


async def test_health_needs_no_ticket_and_says_what_is_taken(api: Api) -> None:
    answer = await api.http.get("/health")
    assert answer.status_code == 200
    health = answer.json()
    assert health["ok"] is True
    assert health["engine"] == "step"
    assert health["maxUploadBytes"] == 2_000_000
    assert "mp3" in health["formats"]
    assert health["jobs"] == {"waiting": 0, "running": 0}
    assert health["engineStatus"] is None
    api.harness.engine.status = "loading its model"
    assert (await api.http.get("/health")).json()["engineStatus"] == "loading its model"
    await api.upload("job-1")
    await api.harness.engine.next_run()
    await api.upload("job-2")
    assert (await api.http.get("/health")).json()["jobs"] == {"waiting": 1, "running": 1}


async def test_health_shows_every_state_of_the_outbox(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stats() -> OutboxStats:
        return STATS

    monkeypatch.setattr(api.harness.outbox, "stats", stats)
    assert (await api.http.get("/health")).json()["outbox"] == {
        "waiting": 3,
        "oldestAgeSeconds": 12.5,
        "dead": 2,
        "blocked": "the key is refused",
        "accepted": 8,
        "outcomes": {"applied": 7, "stale": 1},
        "merged": 4,
        "repaired": {"number": 5},
        "requests": 11,
        "retries": 6,
    }


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("PUT", "/job/job-1", 405, "method_not_allowed"),
        ("GET", "/transcribe-job", 405, "method_not_allowed"),
    ],
)
async def test_every_refusal_is_our_json(
    method: str, path: str, status: int, code: str, api: Api
) -> None:
    answer = await api.http.request(method, path)
    assert answer.status_code == status
    assert answer.json()["ok"] is False
    assert answer.json()["error"]["code"] == code


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://localhost:5173", True),
        ("http://127.0.0.1:4173", True),
        ("https://example.org", False),
        ("http://localhost.example.org", False),
    ],
)
async def test_pages_of_this_machine_may_call(origin: str, allowed: bool, api: Api) -> None:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    answer = await api.http.options("/transcribe-job", headers=headers)
    assert answer.headers.get("Access-Control-Allow-Origin") == (origin if allowed else None)
    # A page must be able to read a refusal too.
    refusal = await api.http.get("/job/job-1", headers={"Origin": origin})
    assert refusal.status_code == 401
    assert refusal.headers.get("Access-Control-Allow-Origin") == (origin if allowed else None)
