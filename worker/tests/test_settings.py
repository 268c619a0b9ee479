"""Settings: what is missing or malformed is said so that it can be corrected."""

from pathlib import Path

import pytest

from transcription_worker import ConfigurationError, load_settings
from transcription_worker.client_settings import load_client_settings
from transcription_worker.settings import read_settings

URL, KEY = "https://happy-animal-123.convex.cloud", "key-1"


def test_the_environment_and_the_site_that_follows_from_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CONVEX_URL", URL)
    monkeypatch.setenv("CONVEX_API_KEY", f" {KEY} ,, key-2,")
    settings = load_settings()
    assert settings.require_endpoint() == ("https://happy-animal-123.convex.site", KEY)
    assert settings.api_keys == (KEY, "key-2")


def test_a_site_url_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVEX_URL", "not even an address")
    monkeypatch.setenv("CONVEX_SITE_URL", "https://site.example.com")
    monkeypatch.setenv("CONVEX_API_KEY", KEY)
    assert load_settings().require_endpoint()[0] == "https://site.example.com"


def test_a_dotenv_file_is_read_and_the_environment_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(
        f'CONVEX_URL="{URL}"\nCONVEX_API_KEY=from-file\nVITE_SOMETHING=else\n'
    )
    assert load_settings().require_endpoint() == (
        "https://happy-animal-123.convex.site",
        "from-file",
    )
    monkeypatch.setenv("CONVEX_API_KEY", "from-environment")
    assert load_settings().api_keys == ("from-environment",)


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({}, ["CONVEX_URL is not set", "dashboard"]),
        ({"CONVEX_URL": URL}, ["CONVEX_API_KEY is not set", "npm run keygen"]),
        ({"CONVEX_URL": URL, "CONVEX_API_KEY": " , "}, ["CONVEX_API_KEY is not set"]),
        ({"CONVEX_URL": "", "CONVEX_API_KEY": KEY}, ["CONVEX_URL is not set"]),
        ({"CONVEX_URL": "happy", "CONVEX_API_KEY": KEY}, ["CONVEX_URL", "https://"]),
        ({"CONVEX_URL": f"{URL}/foo", "CONVEX_API_KEY": KEY}, ["CONVEX_URL", "without a path"]),
        ({"CONVEX_SITE_URL": "ws://x", "CONVEX_API_KEY": KEY}, ["CONVEX_SITE_URL"]),
        ({"CONVEX_URL": URL, "CONVEX_API_KEY": "schlüssel"}, ["CONVEX_API_KEY", "header"]),
        ({"CONVEX_URL": URL, "CONVEX_API_KEY": "a\tb"}, ["CONVEX_API_KEY", "header"]),
        ({"CONVEX_URL": URL, "CONVEX_API_KEY": KEY, "CONVEX_TIMEOUT": "soon"}, ["CONVEX_TIMEOUT"]),
        ({"CONVEX_SYNC_ENABLED": "perhaps"}, ["CONVEX_SYNC_ENABLED"]),
    ],
)
def test_what_is_wrong_is_told(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], told: list[str]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    message = str(caught.value)
    assert all(part in message for part in told), message
    assert KEY not in message
    assert "schlüssel" not in message


def test_all_that_is_wrong_is_told_at_once_a_line_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "loud")
    monkeypatch.setenv("CONVEX_TIMEOUT", "soon")
    monkeypatch.setenv("TRANSCRIPTION_ENGINE", "openai")
    with pytest.raises(ConfigurationError) as caught:
        load_settings(port=70_000)
    assert {line.split()[0].strip(":") for line in str(caught.value).splitlines()} == {
        "LOG_LEVEL",
        "CONVEX_TIMEOUT",
        "WORKER_PORT",
        "CONVEX_URL",
        "CONVEX_API_KEY",
        "OPENAI_API_KEY",
    }


def test_what_is_malformed_is_not_told_to_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVEX_URL", URL)
    monkeypatch.setenv("CONVEX_API_KEY", "schlüssel")
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("level", ["INFO", "Info", " info "])
def test_words_may_be_written_in_any_case(monkeypatch: pytest.MonkeyPatch, level: str) -> None:
    monkeypatch.setenv("LOG_LEVEL", level)
    monkeypatch.setenv("TRANSCRIPTION_ENGINE", "OpenAI")
    assert (read_settings().log_level, read_settings().engine) == ("info", "openai")


def test_with_sending_off_no_address_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVEX_SYNC_ENABLED", "false")
    assert load_client_settings().api_keys == ()
    with pytest.raises(ConfigurationError, match="no ticket can be checked"):
        load_settings()
    monkeypatch.setenv("CONVEX_API_KEY", KEY)
    assert not load_settings().convex_sync_enabled


def test_overrides_win_and_none_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    assert read_settings(data_dir=None).database_path == tmp_path / "worker.sqlite3"
    assert read_settings(data_dir=Path("elsewhere")).data_dir == Path("elsewhere")


def test_the_key_shows_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVEX_API_KEY", "hidden-key")
    assert "hidden-key" not in repr(read_settings())
