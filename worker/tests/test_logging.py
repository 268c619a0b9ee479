"""Logs: JSON where nobody watches, and never a key or a transcript."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from transcription_worker.logging import configure_logging, get_logger


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
    configuration = structlog.get_config()
    yield Stderr(capsys)
    structlog.configure(**configuration)
    root.handlers[:] = handlers
    root.setLevel(level)


def test_records_are_json_with_a_time_where_nobody_watches(stderr: Stderr) -> None:
    configure_logging()
    get_logger("client").info("update_accepted", job_id="j", sequence=3)
    record = json.loads(stderr.getvalue())
    assert record["event"] == "update_accepted"
    assert (record["job_id"], record["sequence"], record["level"]) == ("j", 3, "info")
    assert record["timestamp"].endswith("Z")


def test_a_program_that_configures_nothing_gets_the_same(stderr: Stderr) -> None:
    structlog.reset_defaults()
    get_logger("client").warning("update_retry", job_id="j")
    assert json.loads(stderr.getvalue())["job_id"] == "j"


def test_a_programs_own_configuration_stays(stderr: Stderr) -> None:
    with structlog.testing.capture_logs() as logs:
        get_logger("client").warning("update_retry", job_id="j")
    assert logs[0]["job_id"] == "j"
    assert stderr.getvalue() == ""


def test_payloads_are_removed_whoever_passes_them(stderr: Stderr) -> None:
    configure_logging("debug")
    get_logger("any").info("event", text="said", api_key="secret", segments=["said"], update={})
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
    get_logger("client").info("update_accepted", job_id="j")
    assert "update_accepted" in stderr.getvalue()
    with pytest.raises(json.JSONDecodeError):
        json.loads(stderr.getvalue())
