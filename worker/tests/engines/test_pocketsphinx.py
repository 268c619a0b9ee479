"""The default engine, with its real model and the real recording."""

import array
import asyncio
import itertools
import random
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from support.recording import SENTENCES, SPEECH_SECONDS, speech_pcm, write_pcm
from transcription_worker.audio import PcmAudio
from transcription_worker.engines import (
    EngineError,
    EngineEvent,
    TranscriptionOptions,
    UnsupportedOptionError,
)
from transcription_worker.engines.pocketsphinx import PocketsphinxEngine
from transcription_worker.engines.pocketsphinx.utterances import find_speech, frame_bytes

pytestmark = pytest.mark.slow

ENGINE = PocketsphinxEngine()


async def transcribe(
    audio: PcmAudio, options: TranscriptionOptions | None = None
) -> list[EngineEvent]:
    return [event async for event in ENGINE.transcribe(audio, options or TranscriptionOptions())]


async def test_understands_the_recording(tmp_path: Path) -> None:
    events = await transcribe(write_pcm(tmp_path / "pcm", speech_pcm()))
    segments = [segment for event in events for segment in event.segments]
    assert tuple(segment.text for segment in segments) == SENTENCES
    fractions = [event.fraction for event in events]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert len(set(fractions)) > 20
    assert {event.language for event in events} == {"en"}
    at = 0.0
    for segment in segments:
        assert segment.confidence is not None
        assert segment.confidence > 0.5
        assert segment.words is not None
        assert " ".join(word.word for word in segment.words) == segment.text
        assert (segment.start, segment.end) == (segment.words[0].start, segment.words[-1].end)
        for word in segment.words:
            assert at <= word.start < word.end <= SPEECH_SECONDS
            at = word.end


async def test_tells_segments_while_it_listens(tmp_path: Path) -> None:
    events = await transcribe(write_pcm(tmp_path / "pcm", speech_pcm()))
    at = [event.fraction for event in events if event.segments]
    assert len(set(at)) == len(SENTENCES)
    assert at[0] < 0.3


async def test_words_are_left_out_on_demand(tmp_path: Path) -> None:
    audio = write_pcm(tmp_path / "pcm", speech_pcm()[:100_000])
    events = await transcribe(audio, TranscriptionOptions(word_times=False))
    segments = [segment for event in events for segment in event.segments]
    assert segments
    assert all(segment.words is None for segment in segments)


@pytest.mark.parametrize("seconds", [0.0001, 0.01, 3.0])
async def test_silence_has_no_text(seconds: float, tmp_path: Path) -> None:
    events = await transcribe(write_pcm(tmp_path / "pcm", bytes(2 * max(1, int(16_000 * seconds)))))
    assert [event.segments for event in events if event.segments] == []
    assert events[-1].fraction == 1.0


async def test_speech_up_to_the_last_sample_is_heard(tmp_path: Path) -> None:
    """A file may end within a word, and at the end of a frame of the detector or not."""
    for length in (frame_bytes() * 40, frame_bytes() * 40 + 2):
        events = await transcribe(write_pcm(tmp_path / "pcm", speech_pcm()[:length]))
        text = [segment.text for event in events for segment in event.segments]
        assert text == ["this is a test"]


async def test_closing_stops_it(tmp_path: Path) -> None:
    audio = write_pcm(tmp_path / "pcm", speech_pcm() * 20)
    async with aclosing(ENGINE.transcribe(audio, TranscriptionOptions())) as events:
        first = await anext(events)
    assert first.fraction < 0.1
    # It must not go on behind our back: nothing reads the file any more.
    with pytest.raises(StopAsyncIteration):
        await anext(events)


async def test_the_event_loop_stays_free(tmp_path: Path) -> None:
    """A program that listens in the loop itself would let nothing else happen meanwhile."""
    audio = write_pcm(tmp_path / "pcm", speech_pcm()[:100_000])
    task = asyncio.create_task(transcribe(audio))
    turns = 0
    while not task.done():
        await asyncio.sleep(0.005)
        turns += 1
    assert turns > 20


async def test_a_crash_of_the_decoder_fails_the_job_alone(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="stopped unexpectedly") as caught:
        await transcribe(PcmAudio(tmp_path / "nothing", 16_000))
    assert caught.value.code == "engine_crashed"


@pytest.mark.parametrize("language", [None, "en", "EN", "en-GB", "en_US", "english"])
def test_english_is_taken(language: str | None) -> None:
    ENGINE.check(TranscriptionOptions(language=language, model="en-us"))


@pytest.mark.parametrize(
    ("options", "option"),
    [
        (TranscriptionOptions(language="es"), "language"),
        (TranscriptionOptions(language="e"), "language"),
        (TranscriptionOptions(model="whisper-1"), "model"),
    ],
)
def test_what_it_cannot_do_is_refused(options: TranscriptionOptions, option: str) -> None:
    with pytest.raises(UnsupportedOptionError) as caught:
        ENGINE.check(options)
    assert caught.value.option == option


def _frames(pcm: bytes) -> Iterator[bytes]:
    size = frame_bytes()
    yield from (pcm[at : at + size] for at in range(0, len(pcm), size))
    if len(pcm) % size == 0:
        yield b""


def test_endless_sound_is_cut_into_utterances() -> None:
    """Music has no pauses; the transcript must grow all the same."""
    chance = random.Random(3)
    noise = array.array("h", [chance.randint(-9_000, 9_000) for _ in range(16_000)]).tobytes() * 70
    speech = list(find_speech(_frames(noise)))
    starts = sorted({part.start for part in speech})
    assert len(starts) >= 3
    lengths = [later - sooner for sooner, later in itertools.pairwise(starts)]
    assert all(10 < length < 20.1 for length in lengths)
    # Nothing is lost between two utterances.
    heard = sum(len(part.pcm) for part in speech) / 2 / 16_000
    assert heard == pytest.approx(70 - starts[0], abs=0.1)
    assert [part.last for part in speech].count(True) == len(starts)


def test_long_speech_is_cut_where_it_dips() -> None:
    chance = random.Random(4)
    loud = array.array("h", [chance.randint(-9_000, 9_000) for _ in range(16_000)]).tobytes() * 13
    dip = array.array("h", [chance.randint(-900, 900) for _ in range(1_600)]).tobytes()
    starts = sorted({part.start for part in find_speech(_frames(loud + dip + loud))})
    assert starts[1] == pytest.approx(13.0, abs=0.15)
