"""How Whisper's models come, and what happens where they do not."""

import asyncio
import re
import socket
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from support.logs import capture_logs
from support.model_hub import ModelHub, model_hub
from support.processes import children
from support.recording import speech_pcm, write_pcm
from support.waiting import until
from support.whisper_model import TINY
from transcription_worker import ConfigurationError
from transcription_worker.engines import EngineError, EngineEvent, TranscriptionOptions
from transcription_worker.engines.pocketsphinx import PocketsphinxEngine
from transcription_worker.engines.whisper import WhisperEngine, WhisperOptions
from transcription_worker.engines.whisper.models import REPOSITORIES, is_model

DOWNLOAD = "transcription_worker.engines.whisper.download"
HEARD = "this is a test"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelHub]:
    with model_hub(TINY) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        yield running


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub is at a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.getsockname()[1]}")


async def transcribe(
    engine: WhisperEngine, tmp_path: Path, options: TranscriptionOptions | None = None
) -> list[EngineEvent]:
    audio = write_pcm(tmp_path / "pcm", speech_pcm()[:100_000])
    return [event async for event in engine.transcribe(audio, options or TranscriptionOptions())]


def text_of(events: list[EngineEvent]) -> str:
    texts = [segment.text for event in events for segment in event.segments]
    return " ".join(re.findall("[a-z]+", " ".join(texts).lower()))


def is_well(engine: WhisperEngine) -> bool:
    return engine.status is None


def is_under_way(status: str | None) -> bool:
    """Half of each file is sent; the client writes it to the disk by 10 MB."""
    match = re.fullmatch(r"Downloading the speech model tiny\.en: (\d+) %", status or "")
    return match is not None and 20 < int(match[1]) <= 50


@pytest.mark.slow
async def test_the_first_job_downloads_the_model(hub: ModelHub, tmp_path: Path) -> None:
    engine = WhisperEngine(WhisperOptions(tmp_path / "models", "tiny.en"), PocketsphinxEngine())
    hub.gate.clear()
    with capture_logs() as logs:
        task = asyncio.create_task(transcribe(engine, tmp_path))
        other = asyncio.create_task(transcribe(engine, tmp_path))
        half = await until(lambda: engine.status if is_under_way(engine.status) else None)
        assert len(children(DOWNLOAD)) == 1
        assert not is_model(tmp_path / "models" / "tiny.en")
        hub.gate.set()
        events = await task
        assert HEARD in text_of(await other)
    assert HEARD in text_of(events)
    assert half in [event.outage for event in events]
    assert events[-1].outage is None
    assert (engine.name, engine.status) == ("whisper", None)
    assert engine.model_name(TranscriptionOptions()) == "whisper tiny.en"
    told = [entry for entry in logs if entry["event"] == "whisper_model_downloading"]
    assert {entry["model"] for entry in told} == {"tiny.en"}
    assert max(entry["percent"] for entry in told) > 20
    # Nothing but the model is left, and nobody asks for it a second time.
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["tiny.en"]
    files = {path.name for path in (tmp_path / "models" / "tiny.en").iterdir()}
    assert files == {path.name for path in TINY.iterdir()}
    sent = hub.sent
    offline = WhisperEngine(WhisperOptions(tmp_path / "models", "tiny.en", offline=True))
    assert HEARD in text_of(await transcribe(offline, tmp_path))
    assert hub.sent == sent


@pytest.mark.slow
async def test_an_interrupted_download_is_no_model(hub: ModelHub, tmp_path: Path) -> None:
    """The service is stopped half-way; the next one begins again."""
    models = tmp_path / "models"
    hub.gate.clear()
    engine = WhisperEngine(WhisperOptions(models, "tiny.en"))
    audio = write_pcm(tmp_path / "pcm", speech_pcm()[:100_000])
    async with aclosing(engine.transcribe(audio, TranscriptionOptions())) as events:
        async for event in events:
            if is_under_way(event.outage):
                break
    # A job that is cancelled does not stop what the others wait for.
    assert len(children(DOWNLOAD)) == 1
    await engine.close()
    assert children(DOWNLOAD) == []
    assert not is_model(models / "tiny.en")
    assert list((models / "tiny.en.partial").rglob("*.incomplete"))
    with pytest.raises(ConfigurationError, match="WHISPER_OFFLINE"):
        WhisperEngine(WhisperOptions(models, "tiny.en", offline=True))

    hub.gate.set()
    engine = WhisperEngine(WhisperOptions(models, "tiny.en"))
    assert HEARD in text_of(await transcribe(engine, tmp_path))
    assert [path.name for path in models.iterdir()] == ["tiny.en"]
    assert list((models / "tiny.en").rglob("*.incomplete")) == []


@pytest.mark.slow
async def test_half_a_model_without_a_network_is_no_model(
    hub: ModelHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub's client would take whatever is in the folder for the model."""
    partial = tmp_path / "models" / "tiny.en.partial"
    partial.mkdir(parents=True)
    for path in TINY.iterdir():
        (partial / path.name).write_bytes(path.read_bytes()[:1_000])
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    engine = WhisperEngine(WhisperOptions(tmp_path / "models", "tiny.en"))
    with pytest.raises(EngineError, match="could not be downloaded"):
        await transcribe(engine, tmp_path)
    assert not is_model(tmp_path / "models" / "tiny.en")


@pytest.mark.slow
async def test_without_a_network_pocketsphinx_listens(no_network: None, tmp_path: Path) -> None:
    engine = WhisperEngine(WhisperOptions(tmp_path / "models"), PocketsphinxEngine())
    with capture_logs() as logs:
        events = await transcribe(engine, tmp_path)
    assert HEARD in text_of(events)
    assert events[0].outage == "Downloading the speech model base"
    assert events[-1].outage is None
    told = [entry for entry in logs if entry["event"] == "whisper_model_unavailable"]
    assert [(entry["log_level"], entry["instead"]) for entry in told] == [
        ("warning", "pocketsphinx")
    ]
    assert "could not be downloaded" in told[0]["error"]
    assert engine.name == "pocketsphinx"
    assert engine.status is not None
    assert engine.status.endswith("Until then, pocketsphinx is used.")
    assert engine.model_name(TranscriptionOptions()) == "pocketsphinx en-us"

    # What pocketsphinx cannot do fails with both reasons; nobody waits for the hub again.
    with capture_logs() as logs, pytest.raises(EngineError) as caught:
        await transcribe(engine, tmp_path, TranscriptionOptions(language="es"))
    assert caught.value.code == "engine_unavailable"
    assert "knows English only" in str(caught.value)
    assert "copy the model's files to" in str(caught.value)
    assert "whisper_model_downloading" not in [entry["event"] for entry in logs]

    # Somebody copies the model.
    (tmp_path / "models").mkdir(exist_ok=True)
    (tmp_path / "models" / "base").symlink_to(TINY)
    assert HEARD in text_of(await transcribe(engine, tmp_path))
    assert (engine.name, is_well(engine)) == ("whisper", True)


@pytest.mark.slow
async def test_without_a_network_and_pocketsphinx_the_job_fails(
    no_network: None, tmp_path: Path
) -> None:
    engine = WhisperEngine(WhisperOptions(tmp_path / "models"))
    with pytest.raises(EngineError, match="could not be downloaded") as caught:
        await transcribe(engine, tmp_path)
    assert caught.value.code == "engine_unavailable"
    assert "copy the model's files to" in str(caught.value)
    assert engine.status is not None


@pytest.mark.slow
async def test_a_line_that_is_cut_is_a_failure(hub: ModelHub, tmp_path: Path) -> None:
    hub.cut_after = 500_000
    engine = WhisperEngine(WhisperOptions(tmp_path / "models", "tiny.en"))
    with pytest.raises(EngineError, match="could not be downloaded"):
        await transcribe(engine, tmp_path)
    assert not is_model(tmp_path / "models" / "tiny.en")


@pytest.mark.slow
async def test_a_model_without_room_on_the_disk_is_not_begun(hub: ModelHub, tmp_path: Path) -> None:
    hub.claimed = 10**16
    engine = WhisperEngine(WhisperOptions(tmp_path / "models", "tiny.en"))
    with pytest.raises(EngineError, match="the disk has no room"):
        await transcribe(engine, tmp_path)
    assert hub.sent == 0
    assert list((tmp_path / "models").iterdir()) == []


@pytest.mark.slow
async def test_a_file_of_another_size_than_the_hub_says_is_no_model(
    hub: ModelHub, tmp_path: Path
) -> None:
    hub.claimed = 1_000
    engine = WhisperEngine(WhisperOptions(tmp_path / "models", "tiny.en"))
    with pytest.raises(EngineError, match="came incomplete"):
        await transcribe(engine, tmp_path)
    assert not is_model(tmp_path / "models" / "tiny.en")


@pytest.mark.slow
async def test_a_repository_without_a_model_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "config.json").write_text("{}")
    with model_hub(tmp_path / "other") as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        engine = WhisperEngine(WhisperOptions(tmp_path / "models", "someone/something"))
        with pytest.raises(EngineError, match=r"something lacks some of config\.json, model\.bin"):
            await transcribe(engine, tmp_path)
        assert not (tmp_path / "models" / "someone--something").exists()


@pytest.mark.slow
async def test_a_model_that_lacks_files_is_not_overwritten(hub: ModelHub, tmp_path: Path) -> None:
    """Somebody may be copying it."""
    (tmp_path / "models" / "tiny.en").mkdir(parents=True)
    (tmp_path / "models" / "tiny.en" / "model.bin").write_text("half")
    engine = WhisperEngine(WhisperOptions(tmp_path / "models", "tiny.en"))
    with pytest.raises(EngineError, match="is there, and no whole model: delete it"):
        await transcribe(engine, tmp_path)
    assert (tmp_path / "models" / "tiny.en" / "model.bin").read_text() == "half"


async def test_offline_uses_pocketsphinx_from_the_start(tmp_path: Path) -> None:
    with capture_logs() as logs:
        engine = WhisperEngine(
            WhisperOptions(tmp_path / "models", offline=True), PocketsphinxEngine()
        )
    assert engine.name == "pocketsphinx"
    assert engine.status is not None
    assert "WHISPER_OFFLINE forbids" in engine.status
    assert [entry["event"] for entry in logs] == ["whisper_model_unavailable"]
    assert HEARD in text_of(await transcribe(engine, tmp_path))


def test_offline_without_model_and_pocketsphinx_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="copy the model's files there"):
        WhisperEngine(WhisperOptions(tmp_path / "models", offline=True))


def test_the_names_are_those_of_faster_whisper() -> None:
    from faster_whisper import utils

    assert utils._MODELS == REPOSITORIES
