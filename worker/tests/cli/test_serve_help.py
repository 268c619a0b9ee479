"""What the command says of itself, its settings and its version."""

import importlib.metadata

import pytest

from transcription_worker import Settings
from transcription_worker.cli import main


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as exit_:
        main([*arguments])
    assert exit_.value.code == 0
    return capsys.readouterr().out


def test_help_explains_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    text = " ".join(printed(capsys, "serve", "--help").split())
    for field in Settings.model_fields.values():
        assert field.description, field.validation_alias
        assert f" {field.validation_alias} {' '.join(field.description.split())}" in text
    assert "takes any that is free. Default: 8000." in text
    assert "One of: debug, info, warning, error. Default: info." in text


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "--version").strip() == importlib.metadata.version(
        "transcription-worker"
    )


def test_each_wrong_setting_has_a_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_LEVEL", "loud")
    assert main(["serve", "--port", "70000"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["transcription-worker:", name]
        for name in ("WORKER_PORT:", "LOG_LEVEL:", "CONVEX_URL", "CONVEX_API_KEY")
    ]
