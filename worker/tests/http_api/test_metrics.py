"""`GET /metrics`, and the dashboard that reads it."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from support.api_harness import KEYS, Api
from support.loopback import serve_on_loopback
from support.outbox_stats import STATS
from transcription_worker import OutboxStats
from transcription_worker.api import ApiOptions, create_app
from transcription_worker.queue import JobQueueService

DASHBOARD = Path(__file__).parents[3] / "docs" / "grafana.json"
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def _samples(text: str) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def _scrape(api: Api) -> Samples:
    answer = await api.http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    return _samples(answer.text)


async def test_everything_that_the_outbox_counts_is_there(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stats() -> OutboxStats:
        return STATS

    monkeypatch.setattr(api.harness.outbox, "stats", stats)
    found = {key: value for key, value in (await _scrape(api)).items() if "outbox" in key[0]}

    def named(name: str, *labels: tuple[str, str]) -> tuple[str, tuple[tuple[str, str], ...]]:
        return f"transcription_outbox_{name}", labels

    assert found == {
        named("updates_total", ("outcome", "applied")): 7,
        named("updates_total", ("outcome", "duplicate")): 0,
        named("updates_total", ("outcome", "ignored")): 0,
        named("updates_total", ("outcome", "stale")): 1,
        named("updates_total", ("outcome", "disabled")): 0,
        named("requests_total"): 11,
        named("retries_total"): 6,
        named("merged_total"): 4,
        named("repaired_total", ("kind", "number")): 5,
        named("waiting"): 3,
        named("oldest_age_seconds"): 12.5,
        named("dead_letters"): 2,
        named("blocked"): 1,
        named("delivery_seconds_bucket", ("le", "0.5")): 3,
        named("delivery_seconds_bucket", ("le", "1.0")): 5,
        named("delivery_seconds_bucket", ("le", "60.0")): 7,
        named("delivery_seconds_bucket", ("le", "+Inf")): 8,
        named("delivery_seconds_count"): 8,
        named("delivery_seconds_sum"): 20.25,
    }


async def test_jobs_are_counted_by_state(api: Api) -> None:
    assert (await api.upload("job-1")).status_code == 202
    await api.harness.engine.next_run()
    await api.upload("job-2")
    await api.upload("job-3")
    await api.harness.service.begin_upload("job-4", None)
    await api.harness.service.cancel("job-3")
    found = await _scrape(api)
    assert {
        key[1][0][1]: value for key, value in found.items() if key[0] == "transcription_jobs"
    } == {
        "uploading": 1,
        "waiting": 1,
        "running": 1,
        "ended": 1,
    }


async def test_what_the_engine_does_is_there(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JobQueueService, "engine_seconds", 1.5)
    monkeypatch.setattr(JobQueueService, "audio_seconds", 60.25)
    found = await _scrape(api)
    assert found["transcription_engine_seconds_total", ()] == 1.5
    assert found["transcription_audio_seconds_total", ()] == 60.25
    assert found["transcription_engine_works", ()] == 1
    assert found["transcription_disk_free_bytes", ()] > 0
    api.harness.engine.status = "the service is away"
    assert (await _scrape(api))["transcription_engine_works", ()] == 0


async def test_open_metrics_for_who_asks_for_it(api: Api) -> None:
    answer = await api.http.get("/metrics", headers={"Accept": "application/openmetrics-text"})
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    families = openmetrics.text_string_to_metric_families(answer.text)  # type: ignore[no-untyped-call]
    names = {family.name for family in families}
    assert {"transcription_outbox_updates", "transcription_outbox_delivery_seconds"} <= names


async def test_two_services_in_one_process_have_metrics_of_their_own(api: Api) -> None:
    harness = api.harness
    options = ApiOptions(keys=KEYS)
    app = create_app(harness.service, harness.engine, harness.files, harness.outbox, options)
    async with (
        serve_on_loopback(app) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as http,
    ):
        assert (await http.get("/metrics")).status_code == 200
    assert await _scrape(api)


def _expressions(dashboard: Any) -> list[str]:
    if isinstance(dashboard, list):
        return [text for entry in dashboard for text in _expressions(entry)]
    if not isinstance(dashboard, dict):
        return []
    own = [dashboard[key] for key in ("expr", "query") if isinstance(dashboard.get(key), str)]
    return own + [text for entry in dashboard.values() for text in _expressions(entry)]


async def test_the_dashboard_names_only_metrics_that_there_are(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stats() -> OutboxStats:
        return STATS

    monkeypatch.setattr(api.harness.outbox, "stats", stats)
    there = {name for name, _ in await _scrape(api)}
    expressions = " ".join(_expressions(json.loads(DASHBOARD.read_text())))
    # Only Linux tells a process of its files and memory.
    prefix = "(?:transcription|process)" if sys.platform == "linux" else "transcription"
    named = set(re.findall(rf"\b{prefix}_\w+", expressions))
    assert named - there == set()
    # What is shown nowhere is what belongs to the histogram.
    ours = {name for name in there if name.startswith("transcription_")}
    assert ours - named == {
        "transcription_outbox_delivery_seconds_count",
        "transcription_outbox_delivery_seconds_sum",
    }
