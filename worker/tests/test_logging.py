"""Logs: JSON where nobody watches, and never a key or a transcript."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest

from transcription_worker.logging import configure_logging

_log = logging.getLogger("transcription_worker.client")


class Stderr:
    """What was written to stderr so far."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self._capture = capture
        self._written = ""

    def getvalue(self) -> str:
        self._written += self._capture.readouterr().err
        return self._written


@pytest.fixture
def stderr(capsys: pytest.CaptureFixture[str]) -> Iterator[Stderr]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield Stderr(capsys)
    root.handlers[:] = handlers
    root.setLevel(level)


def test_records_are_json_with_a_time_where_nobody_watches(stderr: Stderr) -> None:
    configure_logging()
    _log.info("update_accepted", extra={"job_id": "j", "sequence": 3})
    record = json.loads(stderr.getvalue())
    assert record["event"] == "update_accepted"
    assert (record["job_id"], record["sequence"], record["level"]) == ("j", 3, "info")
    assert record["part"] == "client"
    assert record["timestamp"].endswith("Z")


def test_a_library_configures_nothing_and_is_silent(stderr: Stderr) -> None:
    code = (
        "import logging, transcription_worker, transcription_worker.outbox\n"
        "assert not logging.getLogger().handlers\n"
        "logging.getLogger('transcription_worker.client').warning('update_retry')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_a_programs_own_configuration_stays(caplog: pytest.LogCaptureFixture) -> None:
    _log.warning("update_retry", extra={"job_id": "j"})
    [record] = caplog.records
    assert (record.getMessage(), vars(record)["job_id"]) == ("update_retry", "j")


def test_payloads_are_removed_whoever_passes_them(stderr: Stderr) -> None:
    configure_logging("debug")
    payload = {"text": "said", "api_key": "secret", "segments": ["said"], "update": {}}
    _log.info("event", extra=payload)
    output = stderr.getvalue()
    assert "said" not in output
    assert "secret" not in output


def test_the_standard_librarys_records_look_the_same(stderr: Stderr) -> None:
    configure_logging()
    logging.getLogger("uvicorn.error").info("Started server process")
    logging.getLogger("httpx").info("HTTP Request: POST http://…")
    record = json.loads(stderr.getvalue())
    assert record["event"] == "Started server process"
    assert record["level"] == "info"


def test_lines_are_readable_on_a_terminal(stderr: Stderr) -> None:
    configure_logging(as_json=False)
    _log.info("update_accepted", extra={"job_id": "j"})
    assert "update_accepted" in stderr.getvalue()
    with pytest.raises(json.JSONDecodeError):
        json.loads(stderr.getvalue())
