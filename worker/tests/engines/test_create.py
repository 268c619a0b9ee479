"""Which engine the settings ask for."""

import subprocess
import sys
from pathlib import Path

import pytest

from transcription_worker import ConfigurationError, Settings
from transcription_worker.engines import create_engine


def uninstall(monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    """Makes Python find no such module, as without its extra."""
    for module in modules:
        monkeypatch.setitem(sys.modules, module, None)


def test_whisper_is_the_default_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data_dir=tmp_path)
    assert create_engine(settings).name == "whisper"
    uninstall(monkeypatch, "faster_whisper")
    assert create_engine(settings).name == "pocketsphinx"
    uninstall(monkeypatch, "pocketsphinx")
    with pytest.raises(ConfigurationError, match="No speech engine is installed") as caught:
        create_engine(settings)
    for line in ("'transcription-worker[whisper]'", "'transcription-worker[pocketsphinx]'"):
        assert f"pip install {line}" in str(caught.value)


@pytest.mark.parametrize(
    ("engine", "module"),
    [("whisper", "faster_whisper"), ("pocketsphinx", "pocketsphinx"), ("openai", "av")],
)
def test_a_missing_extra_names_the_line_that_installs_it(
    engine: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    uninstall(monkeypatch, module)
    monkeypatch.setenv("TRANSCRIPTION_ENGINE", engine)
    with pytest.raises(ConfigurationError) as caught:
        create_engine(Settings())
    assert f"pip install 'transcription-worker[{engine}]'" in str(caught.value)


def test_the_settings_say_which_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHISPER_MODEL", "bsae")
    with pytest.raises(ConfigurationError, match="no model bsae"):
        create_engine(Settings(data_dir=tmp_path))
    monkeypatch.setenv("WHISPER_MODEL", "small")
    monkeypatch.setenv("WHISPER_OFFLINE", "1")
    engine = create_engine(Settings(data_dir=tmp_path))
    assert engine.name == "pocketsphinx"
    assert engine.status is not None
    assert "DATA_DIR/models/small" in engine.status
    uninstall(monkeypatch, "pocketsphinx")
    with pytest.raises(ConfigurationError, match="WHISPER_OFFLINE"):
        create_engine(Settings(data_dir=tmp_path))


def test_nothing_heavy_is_loaded_on_import() -> None:
    """The service itself never needs it: engines listen in processes of their own."""
    program = """
import sys
import transcription_worker
from transcription_worker import Settings
from transcription_worker.engines import create_engine
create_engine(Settings())
heavy = {"av", "ctranslate2", "faster_whisper", "huggingface_hub", "numpy", "pocketsphinx"}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


async def test_openai_needs_a_key_at_openai_only() -> None:
    def lacks_key(settings: Settings) -> bool:
        return any("OPENAI_API_KEY is not set" in problem for problem in settings.problems())

    assert lacks_key(Settings(engine="openai"))
    settings = Settings(engine="openai", openai_base_url="http://127.0.0.1:9000/v1")
    assert not lacks_key(settings)
    engine = create_engine(settings)
    assert engine.name == "openai"
    await engine.close()
