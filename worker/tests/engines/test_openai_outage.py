"""A service that cannot answer for a while, or answers what nobody can read."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path

import pytest
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from support.logs import capture_logs
from support.openai_engine import engine, listen, transcribe
from support.recording import speech_pcm, write_pcm
from support.whisper_server import WhisperServer, refusal
from transcription_worker import ConfigurationError
from transcription_worker.audio import PcmAudio
from transcription_worker.engines import EngineError, TranscriptionOptions

BUSY = "The transcription service answered 503; trying again"


def overloaded() -> Response:
    return refusal(503, "overloaded", "later", Retry_After="0")


@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        (lambda: refusal(429, "rate_limit_exceeded", "slow down", Retry_After="0"), "answered 429"),
        (lambda: refusal(500, "server_error", "sorry"), "answered 500"),
        (lambda: refusal(409, "conflict", "a lock"), "answered 409"),
        (lambda: refusal(408, "timeout", "slow"), "answered 408"),
        (lambda: PlainTextResponse("<html>bad gateway</html>", 502), "answered 502"),
        (
            lambda: refusal(503, "x", "y", Retry_After="Sun, 06 Nov 1994 08:49:37 GMT"),
            "answered 503",
        ),
        (
            lambda: JSONResponse({"error": {"message": "model is loading"}}),
            "answered with an error",
        ),
        (lambda: JSONResponse({"error": "model is loading"}), "answered with an error"),
        (lambda: PlainTextResponse(""), "gave an empty answer"),
        (lambda: PlainTextResponse(" \r\n"), "gave an empty answer"),
        (lambda: Response(status_code=204), "gave an empty answer"),
    ],
)
async def test_what_passes_is_waited_for(
    trouble: Callable[[], Response], why: str, whisper: WhisperServer, audio: PcmAudio
) -> None:
    whisper.next_answers = [trouble] * 7 + [None]
    events = await listen(engine(whisper), audio)
    outage = f"The transcription service {why}; trying again"
    assert [event.outage for event in events] == [outage] * 7 + [None]
    assert len(events[-1].segments) == 5
    assert whisper.next_answers == []


async def test_finished_pieces_stay(whisper: WhisperServer, tmp_path: Path) -> None:
    audio = write_pcm(tmp_path / "pcm", speech_pcm() * 2)
    whisper.next_answers = [None, overloaded, overloaded, None, overloaded]
    running = engine(whisper, piece_seconds=14)
    told = []
    last = 0.0
    async with aclosing(running.transcribe(audio, TranscriptionOptions())) as events:
        async for event in events:
            told.append((event.outage, len(event.segments) > 0, event.language))
            assert running.status == (BUSY.partition(";")[0] if event.outage else None)
            if event.outage:
                assert event.fraction == pytest.approx(last)
            last = event.fraction
    await running.close()
    assert last == 1.0
    assert told[:4] == [
        (None, True, "en"),
        (BUSY, False, "en"),
        (BUSY, False, "en"),
        (None, True, "en"),
    ]
    assert sum(whisper.durations) == pytest.approx(audio.duration)


async def test_an_outage_is_told_before_it_is_waited_for(
    whisper: WhisperServer, audio: PcmAudio
) -> None:
    whisper.next_answers = [lambda: refusal(503, "x", "y", Retry_After="250")]
    running = engine(whisper)
    async with aclosing(running.transcribe(audio, TranscriptionOptions())) as events:
        event = await asyncio.wait_for(anext(events), timeout=30)
    assert event.outage == BUSY
    await running.close()


@pytest.mark.parametrize("limit", [0.0, 0.02])
async def test_an_outage_that_lasts_too_long_fails_the_job(
    limit: float, whisper: WhisperServer, audio: PcmAudio
) -> None:
    whisper.next_answers = [overloaded] * 500
    running = engine(whisper, outage_seconds=limit)
    with pytest.raises(EngineError, match=r"answered 503, for more than") as caught:
        await transcribe(running, audio)
    assert caught.value.code == "engine_unavailable"
    assert running.status == "The transcription service answered 503"


async def test_an_unreachable_service_is_waited_for(audio: PcmAudio) -> None:
    running = engine(WhisperServer(url="http://127.0.0.1:9/v1"), outage_seconds=0.02)
    with pytest.raises(EngineError, match=r"cannot be reached \(ConnectError\)") as caught:
        await transcribe(running, audio)
    assert caught.value.code == "engine_unavailable"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"base_url": "localhost/v1"}, "OPENAI_BASE_URL must be"),
        ({"base_url": "ftp://127.0.0.1/v1"}, "OPENAI_BASE_URL must be"),
        ({"base_url": "http://[::1/v1"}, "OPENAI_BASE_URL must be"),
        ({"base_url": "http:///v1"}, "OPENAI_BASE_URL must be"),
        ({"api_key": "key\n"}, "OPENAI_API_KEY holds"),
        ({"api_key": "clé"}, "OPENAI_API_KEY holds"),
    ],
)
def test_what_can_never_work_is_found_at_the_start(options: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        engine(WhisperServer(url="http://127.0.0.1:9/v1"), **options)


async def test_a_refusal_says_that_the_outage_is_over(
    whisper: WhisperServer, audio: PcmAudio
) -> None:
    whisper.next_answers = [overloaded, lambda: refusal(400, "bad", "too short")]
    running = engine(whisper)
    with pytest.raises(EngineError, match="too short"):
        await transcribe(running, audio)
    assert running.status is None


async def test_an_answer_without_end_takes_no_memory(
    whisper: WhisperServer, audio: PcmAudio
) -> None:
    sent = 0

    async def gigabytes() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 1_500_000_000:
            sent += 65_536
            yield b" " * 65_536
            await asyncio.sleep(0)

    whisper.next_answers = [lambda: StreamingResponse(gigabytes())]
    with pytest.raises(EngineError, match="more than 16 MiB") as caught:
        await transcribe(engine(whisper), audio)
    assert caught.value.code == "engine_failed"
    assert sent < 100_000_000


async def test_a_page_without_end_is_an_outage_like_a_short_one(
    whisper: WhisperServer, audio: PcmAudio
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"<br>" * 16_384
            await asyncio.sleep(0)

    whisper.next_answers = [lambda: StreamingResponse(endless(), 502)]
    events = await listen(engine(whisper), audio)
    assert events[0].outage == "The transcription service answered 502; trying again"
    assert len(events[-1].segments) == 5


async def test_a_byte_now_and_then_does_not_hold_the_deadline_off(
    whisper: WhisperServer, audio: PcmAudio
) -> None:
    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.05)

    whisper.next_answers = [lambda: StreamingResponse(drip())]
    events = await listen(engine(whisper, timeout=0.6), audio)
    told = "The transcription service did not answer within 0.6 seconds; trying again"
    assert events[0].outage == told
    assert len(events[-1].segments) == 5


async def test_a_service_that_says_nothing_is_given_up_in_time(
    whisper: WhisperServer, audio: PcmAudio
) -> None:
    whisper.hold = asyncio.Event()
    with pytest.raises(EngineError, match="did not answer within") as caught:
        await transcribe(engine(whisper, timeout=0.2, outage_seconds=0), audio)
    whisper.hold.set()
    assert caught.value.code == "engine_unavailable"


async def test_faults_of_a_piece_are_logged_once_and_without_its_text(
    whisper: WhisperServer, audio: PcmAudio
) -> None:
    answer = {
        "text": "",
        "segments": [
            {"start": 0, "text": "secret"},
            {"start": 2, "end": 3, "text": None},
            {"start": 4, "end": 5, "text": "words"},
        ],
    }
    whisper.next_answers = [lambda: PlainTextResponse("\ufeff" + json.dumps(answer))]
    with capture_logs() as logs:
        segments, _ = await transcribe(engine(whisper), audio)
    assert [(s.start, s.end, s.text) for s in segments] == [(0, 4, "secret"), (4, 5, "words")]
    (warning,) = [log for log in logs if log["log_level"] == "warning"]
    assert warning["event"] == "transcript_had_faults"
    assert (warning["repaired"], warning["dropped"], warning["at"]) == (1, 1, 0.0)
    assert "secret" not in str(logs)
