"""The openai engine against a real server that answers as the service documents."""

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse, RedirectResponse

from support.openai_engine import engine, transcribe
from support.recording import speech_pcm, write_pcm
from support.whisper_server import (
    WhisperServer,
    loud_stretches,
    refusal,
)
from transcription_worker.audio import PcmAudio
from transcription_worker.engines import EngineError, TranscriptionOptions
from transcription_worker.engines.openai import OpenAIEngine, OpenAIOptions


async def test_a_short_recording_is_one_request(whisper: WhisperServer, audio: PcmAudio) -> None:
    segments, fractions = await transcribe(engine(whisper), audio)
    assert fractions == [1.0]
    assert whisper.durations == [audio.duration]
    assert whisper.forms == [
        {
            "model": ["whisper-1"],
            "response_format": ["verbose_json"],
            "timestamp_granularities[]": ["segment", "word"],
        }
    ]
    heard = [time for segment in segments for time in (segment.start, segment.end)]
    loud = [time for stretch in loud_stretches(speech_pcm()) for time in stretch]
    assert heard == pytest.approx(loud)
    first = segments[0]
    assert first.confidence == 0.7788
    assert first.words is not None
    assert [word.word for word in first.words] == first.text.split()
    assert first.words[0].start == first.start
    assert first.words[-1].end == first.end


async def test_long_files_are_cut_and_their_times_shifted_back(
    whisper: WhisperServer, tmp_path: Path
) -> None:
    """What is heard in the pieces is, at its time, what would be heard in the whole."""
    pcm = speech_pcm() * 4
    audio = write_pcm(tmp_path / "pcm", pcm)
    segments, fractions = await transcribe(engine(whisper, piece_seconds=12), audio)
    assert len(whisper.durations) > 4
    assert max(whisper.durations) <= 12
    assert sum(whisper.durations) == pytest.approx(audio.duration)
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    whole = loud_stretches(pcm)
    assert len(segments) == len(whole)
    for segment, (start, end) in zip(segments, whole, strict=True):
        # The server looks at windows of 50 ms, which lie elsewhere in a piece.
        assert segment.start == pytest.approx(start, abs=0.06)
        assert segment.end == pytest.approx(end, abs=0.06)
        assert segment.words is not None
        assert segment.words[0].start == segment.start


async def test_no_piece_exceeds_the_size_limit(whisper: WhisperServer, tmp_path: Path) -> None:
    whisper.max_bytes = 300_000
    audio = write_pcm(tmp_path / "pcm", speech_pcm() * 3)
    segments, _ = await transcribe(engine(whisper, max_upload_bytes=300_000), audio)
    assert len(whisper.sizes) > 3
    assert max(whisper.sizes) < 300_000
    assert len(segments) == 15


async def test_a_piece_is_told_what_came_before(whisper: WhisperServer, tmp_path: Path) -> None:
    audio = write_pcm(tmp_path / "pcm", speech_pcm() * 2)
    options = TranscriptionOptions(
        language="en",
        model="large-v3",
        temperature=0.2,
        initial_prompt="Ann, Bob",
        hotwords="Convex",
        word_times=False,
    )
    segments, _ = await transcribe(engine(whisper, piece_seconds=14), audio, options)
    first, second = whisper.forms[:2]
    assert first == {
        "model": ["large-v3"],
        "response_format": ["verbose_json"],
        "language": ["en"],
        "temperature": ["0.2"],
        "prompt": ["Ann, Bob Convex"],
    }
    assert second["prompt"][0].startswith(f"Ann, Bob Convex {segments[0].text}")
    assert all(segment.words is None for segment in segments)


async def test_words_within_segments_are_understood(
    whisper: WhisperServer, audio: PcmAudio
) -> None:
    whisper.words_in_segments = True
    segments, _ = await transcribe(engine(whisper), audio)
    assert all(segment.words is not None and len(segment.words) == 2 for segment in segments)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda: refusal(400, "bad", "Audio file is too short."), r"\(400\): Audio file is too"),
        (lambda: refusal(413, "too_large", "Maximum size exceeded"), r"\(413\): Maximum size"),
        (lambda: refusal(429, "insufficient_quota", "You exceeded your quota"), "your quota"),
        (lambda: PlainTextResponse("no", 418), r"\(418\)\."),
        (lambda: PlainTextResponse("{}"), "no verbose_json"),
        (
            lambda: PlainTextResponse("<html>log in</html>"),
            "no verbose_json; the worker's OPENAI_BASE_URL",
        ),
        (lambda: PlainTextResponse("[]"), "no verbose_json"),
        (lambda: PlainTextResponse('{"detail": "no such model"}', 404), r"\(404\): no such model"),
        (lambda: PlainTextResponse('{"error": "bad wav"}', 400), r"\(400\): bad wav"),
        (lambda: RedirectResponse("http://127.0.0.1:9/elsewhere"), r"\(307\)"),
    ],
)
async def test_what_no_retry_can_change_fails_at_once(
    answer: object, says: str, whisper: WhisperServer, audio: PcmAudio
) -> None:
    whisper.next_answers = [answer]  # type: ignore[list-item]
    with pytest.raises(EngineError, match=says) as caught:
        await transcribe(engine(whisper), audio)
    assert caught.value.code == ("engine_failed" if "verbose" in says else "engine_refused")
    assert whisper.next_answers == []
    assert whisper.forms == []


async def test_no_part_of_the_key_is_in_an_error(whisper: WhisperServer, audio: PcmAudio) -> None:
    with pytest.raises(EngineError) as caught:
        await transcribe(engine(whisper, api_key="sk-wrong-key"), audio)
    assert "401" in str(caught.value)
    assert "sk-" not in str(caught.value)
    assert "sk-" not in repr(OpenAIOptions(api_key="sk-wrong-key"))


async def test_an_unknown_model_is_told_to_the_person(
    whisper: WhisperServer, audio: PcmAudio
) -> None:
    with pytest.raises(EngineError, match="The model 'tiny' does not exist"):
        await transcribe(engine(whisper), audio, TranscriptionOptions(model="tiny"))


async def test_cancelling_cuts_the_request_off(whisper: WhisperServer, audio: PcmAudio) -> None:
    whisper.hold = asyncio.Event()
    running = engine(whisper)

    async def read() -> None:
        async with aclosing(running.transcribe(audio, TranscriptionOptions())) as events:
            await anext(events)

    task = asyncio.create_task(read())
    done, _ = await asyncio.wait([task], timeout=1)
    assert not done
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(whisper.cut_off.wait(), timeout=30)
    whisper.hold.set()
    await running.close()


async def test_model_name() -> None:
    running = OpenAIEngine(OpenAIOptions(model="whisper-1"))
    assert running.model_name(TranscriptionOptions()) == "whisper-1"
    assert running.model_name(TranscriptionOptions(model="large-v3")) == "large-v3"
    await running.close()
