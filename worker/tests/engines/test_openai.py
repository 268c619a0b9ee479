"""The openai engine against a real server that answers as the service documents."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse, RedirectResponse

from support.recording import speech_pcm, write_pcm
from support.whisper_server import (
    KEY,
    WhisperServer,
    loud_stretches,
    refusal,
    whisper_server,
)
from transcription_worker import Segment
from transcription_worker.audio import PcmAudio
from transcription_worker.engines import EngineError, TranscriptionOptions
from transcription_worker.engines.openai import OpenAIEngine, OpenAIOptions
from transcription_worker.retry import RetryPolicy

QUICK = RetryPolicy(retries=3, base_delay=0.001, max_delay=0.01, max_retry_after=5)


@pytest.fixture
async def whisper() -> AsyncIterator[WhisperServer]:
    async with whisper_server() as server:
        yield server


@pytest.fixture
def audio(tmp_path: Path) -> PcmAudio:
    return write_pcm(tmp_path / "pcm", speech_pcm())


def engine(whisper: WhisperServer, **changes: object) -> OpenAIEngine:
    options = {"base_url": whisper.url, "api_key": KEY, "retry": QUICK} | changes
    return OpenAIEngine(OpenAIOptions(**options))  # type: ignore[arg-type]


async def transcribe(
    engine: OpenAIEngine, audio: PcmAudio, options: TranscriptionOptions | None = None
) -> tuple[list[Segment], list[float]]:
    """The segments and the fractions that were told."""
    segments: list[Segment] = []
    fractions = []
    try:
        async for event in engine.transcribe(audio, options or TranscriptionOptions()):
            segments.extend(event.segments)
            fractions.append(event.fraction)
    finally:
        await engine.close()
    return segments, fractions


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
        word_times=False,
    )
    segments, _ = await transcribe(engine(whisper, piece_seconds=14), audio, options)
    first, second = whisper.forms[:2]
    assert first == {
        "model": ["large-v3"],
        "response_format": ["verbose_json"],
        "language": ["en"],
        "temperature": ["0.2"],
        "prompt": ["Ann, Bob"],
    }
    assert second["prompt"][0].startswith(f"Ann, Bob {segments[0].text}")
    assert all(segment.words is None for segment in segments)


async def test_words_within_segments_are_understood(
    whisper: WhisperServer, audio: PcmAudio
) -> None:
    whisper.words_in_segments = True
    segments, _ = await transcribe(engine(whisper), audio)
    assert all(segment.words is not None and len(segment.words) == 2 for segment in segments)


@pytest.mark.parametrize(
    "trouble",
    [
        lambda: refusal(429, "rate_limit_exceeded", "slow down", Retry_After="0"),
        lambda: refusal(500, "server_error", "sorry"),
        lambda: PlainTextResponse("<html>bad gateway</html>", 502),
        lambda: refusal(503, "overloaded", "later", Retry_After="Sun, 06 Nov 1994 08:49:37 GMT"),
    ],
)
async def test_what_passes_is_tried_again(
    trouble: object, whisper: WhisperServer, audio: PcmAudio
) -> None:
    whisper.next_answers = [trouble, trouble, trouble, None]  # type: ignore[list-item]
    segments, _ = await transcribe(engine(whisper), audio)
    assert len(segments) == 5
    assert whisper.next_answers == []


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda: refusal(503, "overloaded", "later"), "answered 503, 4 times in a row"),
        (lambda: refusal(429, "slow_down", "x", Retry_After="600"), "answered 429, 1 times"),
    ],
)
async def test_what_lasts_fails_the_job(
    answer: object, says: str, whisper: WhisperServer, audio: PcmAudio
) -> None:
    whisper.next_answers = [answer] * 9  # type: ignore[list-item]
    with pytest.raises(EngineError, match=says):
        await transcribe(engine(whisper), audio)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda: refusal(400, "bad", "Audio file is too short."), r"\(400\): Audio file is too"),
        (lambda: refusal(413, "too_large", "Maximum size exceeded"), r"\(413\): Maximum size"),
        (lambda: refusal(429, "insufficient_quota", "You exceeded your quota"), "your quota"),
        (lambda: PlainTextResponse("no", 418), r"\(418\)\."),
        (lambda: PlainTextResponse("{}"), "no verbose_json"),
        (lambda: PlainTextResponse('{"text": "a", "segments": [{"start": NaN}]}'), "no verbose"),
        (lambda: RedirectResponse("http://127.0.0.1:9/elsewhere"), r"\(307\)"),
    ],
)
async def test_what_no_retry_can_change_fails_at_once(
    answer: object, says: str, whisper: WhisperServer, audio: PcmAudio
) -> None:
    whisper.next_answers = [answer]  # type: ignore[list-item]
    with pytest.raises(EngineError, match=says):
        await transcribe(engine(whisper), audio)
    assert whisper.next_answers == []
    assert whisper.forms == []


async def test_no_part_of_the_key_is_in_an_error(whisper: WhisperServer, audio: PcmAudio) -> None:
    with pytest.raises(EngineError) as caught:
        await transcribe(engine(whisper, api_key="sk-wrong-key"), audio)
    assert "401" in str(caught.value)
    assert "sk-" not in str(caught.value)
    assert "sk-" not in repr(OpenAIOptions(api_key="sk-wrong-key"))


async def test_an_unreachable_service_fails_the_job(audio: PcmAudio) -> None:
    whisper = WhisperServer(url="http://127.0.0.1:9/v1")
    with pytest.raises(EngineError, match=r"cannot be reached \(ConnectError\), 4 times"):
        await transcribe(engine(whisper), audio)


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
