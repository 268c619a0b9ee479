"""A machine whose clock was never set."""

import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Self

import pytest

from support.logs import capture_logs
from transcription_worker import load_settings, service
from transcription_worker.queue import reports


class NeverSet(datetime):
    """Five minutes after the machine was switched on."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls(1970, 1, 1, 0, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


async def test_the_service_waits_for_it_loudly_and_can_be_stopped_meanwhile(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(service, "_CLOCK", 0.01)
    looks = 0

    class Set(NeverSet):
        """SIGTERM comes at the third look."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            nonlocal looks
            looks += 1
            if looks == 3:
                os.kill(os.getpid(), signal.SIGTERM)
            return super().now(tz)

    monkeypatch.setattr(service, "datetime", Set)
    settings = load_settings(
        convex_sync_enabled=False, convex_api_key="k", engine="pocketsphinx", data_dir=tmp_path
    )
    with capture_logs() as logs:
        await service.serve(settings)
    waits = [log for log in logs if log["event"] == "clock_not_set"]
    assert len(waits) == 3
    assert {log["log_level"] for log in waits} == {"critical"}
    assert waits[0]["now"].startswith("1970-01-01T00:05")


def test_no_update_of_the_queue_tells_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert reports._now() is not None
    monkeypatch.setattr(reports, "datetime", NeverSet)
    assert reports._now() is None
