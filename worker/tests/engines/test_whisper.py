"""Whisper, with real weights and the real recording."""

import asyncio
import os
import re
import signal
from contextlib import aclosing
from pathlib import Path

import pytest
from bench.speech import speak

from support.processes import children
from support.recording import SENTENCES, SPEECH_SECONDS, TRANSCRIPT, speech_pcm, write_pcm
from support.whisper_model import TINY, multilingual_model, tiny_options
from transcription_worker import ConfigurationError, Segment
from transcription_worker.audio import PcmAudio
from transcription_worker.engines import (
    EngineError,
    EngineEvent,
    TranscriptionOptions,
    UnsupportedOptionError,
)
from transcription_worker.engines.whisper import WhisperEngine, WhisperOptions

CHILD = "transcription_worker.engines.whisper.child"


@pytest.fixture
def engine(tmp_path: Path) -> WhisperEngine:
    return WhisperEngine(tiny_options(tmp_path / "models"))


async def transcribe(
    engine: WhisperEngine, audio: PcmAudio, options: TranscriptionOptions | None = None
) -> list[EngineEvent]:
    return [event async for event in engine.transcribe(audio, options or TranscriptionOptions())]


def segments_of(events: list[EngineEvent]) -> list[Segment]:
    return [segment for event in events for segment in event.segments]


def plain(segments: list[Segment]) -> str:
    text = " ".join(segment.text for segment in segments)
    return " ".join(re.findall(r"[a-z']+", text.lower()))


@pytest.mark.slow
async def test_understands_the_recording(engine: WhisperEngine, tmp_path: Path) -> None:
    events = await transcribe(engine, write_pcm(tmp_path / "pcm", speech_pcm()))
    segments = segments_of(events)
    assert plain(segments) == TRANSCRIPT
    fractions = [event.fraction for event in events]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert [event.outage for event in events if event.outage] == []
    assert {event.language for event in events} == {"en"}
    at = 0.0
    for segment in segments:
        assert segment.confidence is not None
        assert segment.confidence > 0.5
        assert segment.words is not None
        assert " ".join(word.word for word in segment.words) == segment.text
        for word in segment.words:
            assert at <= word.start <= word.end <= segment.end <= SPEECH_SECONDS
            assert word.confidence is not None
            assert 0.3 < word.confidence <= 1.0
            at = word.end


@pytest.mark.slow
async def test_tells_segments_while_it_listens(engine: WhisperEngine, tmp_path: Path) -> None:
    """By the clock of the audio: 41 seconds are two of Whisper's windows of half a minute."""
    audio = write_pcm(tmp_path / "pcm", speech_pcm() * 3)
    events = await transcribe(engine, audio)
    at = [event.fraction for event in events if event.segments]
    assert len(at) >= 2
    assert at == sorted(at)
    assert at[0] < 0.8
    segments = segments_of(events)
    assert [segment.start for segment in segments] == sorted(s.start for s in segments)
    assert segments[-1].end > SPEECH_SECONDS * 2.5
    assert plain(segments).count(SENTENCES[3]) >= 2


@pytest.mark.slow
async def test_long_audio_is_heard_to_its_end(engine: WhisperEngine, tmp_path: Path) -> None:
    """It is given to Whisper five minutes at a time; the times are those of the whole."""
    speech, second = speech_pcm()[:100_000], 2 * 16_000
    early, late = second * 5, second * 320
    pcm = bytes(early) + speech + bytes(late - early - len(speech)) + speech
    events = await transcribe(engine, write_pcm(tmp_path / "pcm", pcm))
    segments = segments_of(events)
    assert plain(segments).count("this is a test") == 2
    assert segments[0].start == pytest.approx(5, abs=0.5)
    assert segments[-1].start == pytest.approx(320, abs=0.5)
    fractions = [event.fraction for event in events]
    assert fractions == sorted(fractions)
    assert any(0.5 < fraction < 0.95 for fraction in fractions)


@pytest.mark.slow
@pytest.mark.parametrize("option", ["initial_prompt", "hotwords"])
async def test_expected_words_are_heeded(
    option: str, engine: WhisperEngine, tmp_path: Path
) -> None:
    """Whisper writes in the manner of what it is told: here without capitals and full stops."""
    audio = write_pcm(tmp_path / "pcm", speech_pcm()[:280_000])
    expected = "we talk about the news and the weather today and then we go to the city and"
    options = TranscriptionOptions(temperature=0.0, word_times=False, **{option: expected})
    segments = segments_of(await transcribe(engine, audio, options))
    text = " ".join(segment.text for segment in segments)
    assert text.startswith("this is a test we can read the news in the morning the weather")
    assert all(segment.words is None for segment in segments)


@pytest.mark.slow
@pytest.mark.parametrize("samples", [1, 48_000])
async def test_silence_has_no_text(engine: WhisperEngine, samples: int, tmp_path: Path) -> None:
    events = await transcribe(engine, write_pcm(tmp_path / "pcm", bytes(2 * samples)))
    assert segments_of(events) == []
    assert events[-1].fraction == 1.0
    assert events[-1].language is None


@pytest.mark.slow
async def test_closing_kills_the_process(engine: WhisperEngine, tmp_path: Path) -> None:
    audio = write_pcm(tmp_path / "pcm", speech_pcm() * 20)
    async with aclosing(engine.transcribe(audio, TranscriptionOptions())) as events:
        first = await anext(events)
        assert len(children(CHILD)) == 1
    assert children(CHILD) == []
    assert first.fraction < 0.5


@pytest.mark.slow
async def test_cancelling_kills_the_process(engine: WhisperEngine, tmp_path: Path) -> None:
    """Also while it is still loading the model, when it says nothing."""
    audio = write_pcm(tmp_path / "pcm", speech_pcm() * 20)
    task = asyncio.create_task(transcribe(engine, audio))
    while not children(CHILD):
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert children(CHILD) == []


@pytest.mark.slow
async def test_a_killed_process_fails_one_job(engine: WhisperEngine, tmp_path: Path) -> None:
    """As the system does where memory runs out. The next job is none the wiser."""
    audio = write_pcm(tmp_path / "pcm", speech_pcm()[:100_000])
    with pytest.raises(EngineError, match="memory ran out") as caught:
        async for _ in engine.transcribe(audio, TranscriptionOptions()):
            for pid in children(CHILD):
                os.kill(pid, signal.SIGKILL)
    assert caught.value.code == "engine_crashed"
    assert "this is a test" in plain(segments_of(await transcribe(engine, audio)))


@pytest.mark.slow
async def test_a_crash_fails_the_job(engine: WhisperEngine, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="stopped unexpectedly") as caught:
        await transcribe(engine, PcmAudio(tmp_path / "nothing", 16_000))
    assert caught.value.code == "engine_crashed"


@pytest.mark.slow
async def test_a_damaged_model_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "damaged"
    folder.mkdir()
    for path in TINY.iterdir():
        (folder / path.name).write_bytes(path.read_bytes()[:1_000_000])
    engine = WhisperEngine(WhisperOptions(tmp_path, model=str(folder)))
    with pytest.raises(EngineError, match="cannot be loaded") as caught:
        await transcribe(engine, write_pcm(tmp_path / "pcm", speech_pcm()))
    assert caught.value.code == "engine_unavailable"


@pytest.mark.slow
async def test_an_english_model_refuses_other_languages(
    engine: WhisperEngine, tmp_path: Path
) -> None:
    """A folder does not say what it holds before it is loaded."""
    audio = write_pcm(tmp_path / "pcm", speech_pcm())
    with pytest.raises(UnsupportedOptionError, match="does not know the language de") as caught:
        await transcribe(engine, audio, TranscriptionOptions(language="de"))
    assert (caught.value.option, caught.value.code) == ("language", "unsupported_option")


@pytest.mark.slow
async def test_the_language_is_heard(tmp_path: Path) -> None:
    engine = WhisperEngine(WhisperOptions(tmp_path, model=str(multilingual_model(tmp_path))))
    german = "Guten Morgen, meine Damen und Herren. Heute sprechen wir über die neue Bibliothek."
    audio = write_pcm(tmp_path / "pcm", speak(german, "de", 150))
    events = await transcribe(engine, audio)
    assert {event.language for event in events} == {"de"}
    assert "neue bibliothek" in plain(segments_of(events))
    told = await transcribe(engine, audio, TranscriptionOptions(language="German"))
    assert told[0].language == "de"
    assert "neue bibliothek" in plain(segments_of(told))
    with pytest.raises(UnsupportedOptionError, match="does not know the language yue"):
        await transcribe(engine, audio, TranscriptionOptions(language="Cantonese"))


def test_languages_are_taken_by_code_and_name(tmp_path: Path) -> None:
    engine = WhisperEngine(WhisperOptions(tmp_path))
    for language in (None, "en", "EN", "de-AT", "pt_BR", "Spanish", "haitian creole", "Mandarin"):
        engine.check(TranscriptionOptions(language=language, model="base"))


@pytest.mark.parametrize(
    ("model", "options", "option", "message"),
    [
        ("base", TranscriptionOptions(language="klingon"), "language", "does not know"),
        ("base", TranscriptionOptions(language="xx"), "language", "does not know"),
        ("base.en", TranscriptionOptions(language="es"), "language", "knows English only"),
        # A stranger's upload must not make the worker download gigabytes, or read its folders.
        ("base", TranscriptionOptions(model="large-v3"), "model", "has the Whisper model base"),
        ("base", TranscriptionOptions(model=str(TINY)), "model", "has the Whisper model base"),
        ("base", TranscriptionOptions(model="../models"), "model", "has the Whisper model base"),
    ],
)
def test_what_it_cannot_do_is_refused(
    model: str, options: TranscriptionOptions, option: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(UnsupportedOptionError, match=message) as caught:
        WhisperEngine(WhisperOptions(tmp_path, model)).check(options)
    assert caught.value.option == option


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("bsae", "give one of tiny.en, tiny, base.en, base, "),
        ("a/b/c", "there is no model a/b/c"),
        ("./nothing", "the folder ./nothing holds no Whisper model"),
    ],
)
def test_a_model_that_cannot_be_is_refused_at_the_start(
    model: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        WhisperEngine(WhisperOptions(tmp_path, model))


async def test_a_model_that_is_here_may_be_asked_for(tmp_path: Path) -> None:
    engine = WhisperEngine(WhisperOptions(tmp_path))
    options = TranscriptionOptions(model="tiny.en")
    with pytest.raises(UnsupportedOptionError):
        engine.check(options)
    (tmp_path / "tiny.en").symlink_to(TINY)
    engine.check(options)
    assert engine.model_name(options) == "whisper tiny.en"
    assert engine.model_name(TranscriptionOptions()) == "whisper base"
