"""Uploads: what is taken, what is refused, and what is left behind."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from support.api_harness import KEYS, MAX_UPLOAD, Api, api_harness, bearer
from support.loopback import serve_on_loopback
from support.recording import SPEECH, SPEECH_SECONDS, encode_speech, speech_pcm, write_wav
from support.scripted_server import ScriptedServer
from support.upload_forms import SlowUpload, file_head, form_headers, part
from support.waiting import until, until_async
from transcription_worker.api import ApiOptions, create_app
from transcription_worker.engines.pocketsphinx import PocketsphinxEngine


async def _is_known(api: Api, job_id: str) -> bool:
    return await api.harness.service.get(job_id) is not None


@pytest.mark.parametrize("ending", ["mp3", "m4a", "ogg", "webm", "wav"])
async def test_every_format_is_taken(ending: str, api: Api, tmp_path: Path) -> None:
    content = encode_speech(tmp_path / f"speech.{ending}").read_bytes()
    answer = await api.upload("job-1", content)
    assert answer.status_code == 202
    run = await api.harness.engine.next_run()
    assert run.audio.duration == pytest.approx(SPEECH_SECONDS, abs=0.15)


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"no audio at all", 415, "unsupported_audio"),
        (b"\0" * 1_000, 415, "unsupported_audio"),
        (SPEECH.read_bytes()[:42] + random.Random(1).randbytes(50_000), 422, "broken_audio"),
    ],
)
async def test_what_is_no_audio_is_refused_and_may_be_replaced(
    content: bytes, status: int, code: str, api: Api
) -> None:
    answer = await api.upload("job-1", content)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code
    assert answer.json()["error"]["message"]
    assert api.harness.file_names() == set()
    assert not await _is_known(api, "job-1")
    assert (await api.upload("job-1")).status_code == 202


async def test_too_long_audio_is_refused(api: Api, tmp_path: Path) -> None:
    content = write_wav(tmp_path / "long.wav", bytes(2 * 16_000 * 61)).read_bytes()
    answer = await api.upload("job-1", content)
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "audio_too_long"
    assert "1 minutes" in answer.json()["error"]["message"]


async def test_a_large_file_is_refused_by_its_length(api: Api) -> None:
    answer = await api.upload("job-1", b"x" * (MAX_UPLOAD + 3_000_000))
    assert answer.status_code == 413
    assert answer.json()["error"] == {
        "code": "payload_too_large",
        "message": "The file is larger than 2 MB.",
    }
    assert not await _is_known(api, "job-1")


async def test_a_large_file_is_refused_when_it_says_no_length(api: Api) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield part("job_id", b"job-1") + file_head()
        for _ in range(40):
            yield b"x" * 100_000
        yield b"\r\n--b--\r\n"

    answer = await api.http.post("/transcribe-job", content=body(), headers=form_headers())
    assert answer.status_code == 413
    assert api.harness.file_names() == set()
    assert not await _is_known(api, "job-1")


async def test_the_largest_file_is_taken(api: Api, tmp_path: Path) -> None:
    samples = bytes(2 * 16_000 * 50)
    wav = write_wav(tmp_path / "x.wav", samples).read_bytes()
    # What follows the samples belongs to no chunk of the file and is not looked at.
    assert (await api.upload("job-1", wav.ljust(MAX_UPLOAD, b"\0"))).status_code == 202
    assert (await api.upload("job-2", wav.ljust(MAX_UPLOAD + 1, b"\0"))).status_code == 413


@pytest.mark.parametrize("step", ["waiting", "running", "ended"])
async def test_the_same_job_again_is_a_conflict(step: str, api: Api) -> None:
    await api.upload("blocker" if step == "waiting" else "job-1")
    run = await api.harness.engine.next_run()
    if step == "waiting":
        await api.upload("job-1")
    elif step == "ended":
        run.finish()
        await until_async(lambda: _has_status(api, "completed"))
    before = await api.job("job-1")
    answer = await api.upload("job-1")
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "already_uploaded"
    after = await api.job("job-1")
    assert {**after, "updatedAt": 0, "sequence": 0} == {**before, "updatedAt": 0, "sequence": 0}


async def _has_status(api: Api, status: str) -> bool:
    return str((await api.job("job-1"))["status"]) == status


async def test_a_job_is_known_while_its_file_comes_in(api: Api) -> None:
    slow = SlowUpload(api)
    task = asyncio.create_task(slow.send())
    await slow.under_way()
    job = await api.job("job-1")
    assert (job["status"], job["stage"], job["fileName"]) == ("pending", "uploading", "talk.flac")
    slow.go_on.set()
    assert (await task).status_code == 202


async def test_an_upload_that_breaks_off_leaves_nothing_and_may_come_again(api: Api) -> None:
    slow = SlowUpload(api, cut_off=True)
    task = asyncio.create_task(slow.send())
    await slow.under_way()
    slow.go_on.set()
    with pytest.raises((ConnectionAbortedError, httpx.HTTPError)):
        await task

    async def is_forgotten() -> bool:
        return not await _is_known(api, "job-1")

    await until_async(is_forgotten)
    assert api.harness.file_names() == set()
    assert (await api.upload("job-1")).status_code == 202


async def test_a_second_upload_takes_the_place_of_one_that_never_finished(api: Api) -> None:
    """A page that lost its connection tries again before the worker has noticed."""
    slow = SlowUpload(api)
    task = asyncio.create_task(slow.send())
    await slow.under_way()
    assert (await api.upload("job-1")).status_code == 202
    run = await api.harness.engine.next_run()
    slow.go_on.set()
    assert (await task).status_code == 409
    run.finish()
    await until_async(lambda: _has_status(api, "completed"))
    await until(lambda: not api.harness.file_names())


async def test_a_job_that_is_cancelled_during_its_upload_is_not_run(api: Api) -> None:
    slow = SlowUpload(api)
    task = asyncio.create_task(slow.send())
    await slow.under_way()
    assert (await api.http.delete("/job/job-1", headers=bearer("job-1"))).status_code == 200
    slow.go_on.set()
    assert (await task).status_code == 409
    assert await _has_status(api, "cancelled")
    await until(lambda: not api.harness.file_names())
    assert api.harness.engine.runs.empty()


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"temperature": "1.5"}, "temperature"),
        ({"temperature": "nan"}, "temperature"),
        ({"temperature": "warm"}, "temperature"),
        ({"return_timestamps": "perhaps"}, "return_timestamps"),
        ({"language": "x" * 36}, "language"),
        ({"model": "x" * 201}, "model"),
        ({"initial_prompt": "x" * 4_001}, "initial_prompt"),
        ({"initial_prompt": "x" * 70_000}, "initial_prompt: is too long"),
        ({"hotwords": "x" * 4_001}, "hotwords"),
        ({"unknown": "x" * 40_000, "other": "x" * 40_000}, "other: is too long"),
    ],
)
async def test_wrong_fields_are_named(fields: dict[str, str], says: str, api: Api) -> None:
    answer = await api.upload("job-1", fields=fields)
    assert answer.status_code == 422
    assert says in answer.json()["error"]["message"]
    assert api.harness.file_names() == set()
    assert not await _is_known(api, "job-1")


async def test_empty_fields_are_as_good_as_none(api: Api) -> None:
    fields = dict.fromkeys(["language", "model", "temperature", "initial_prompt"], "")
    fields |= {"return_timestamps": "false", "unknown": "1"}
    answer = await api.upload("job-1", fields=fields)
    assert answer.status_code == 202
    options = (await api.harness.engine.next_run()).options
    assert (options.language, options.model, options.temperature) == (None, None, None)
    assert options.word_times is False


async def test_what_the_engine_cannot_do_is_refused(tmp_path: Path, server: ScriptedServer) -> None:
    async with api_harness(tmp_path, server) as api:
        harness = api.harness
        engine = PocketsphinxEngine()
        app = create_app(
            harness.service, engine, harness.files, harness.outbox, ApiOptions(keys=KEYS)
        )
        async with serve_on_loopback(app) as url, httpx.AsyncClient(base_url=url) as http:
            answer = await Api(http, harness, url).upload("job-1", fields={"language": "fr"})
    assert answer.status_code == 422
    assert answer.json()["error"] == {
        "code": "unsupported_option",
        "message": "language: The pocketsphinx engine knows English only.",
    }


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b"talk.flac", "talk.flac"),
        ("Café 会議.mp3".encode(), "Café 会議.mp3"),
        (b"C:\\\\fakepath\\\\talk.mp3", "talk.mp3"),
        (b"../../etc/passwd", "passwd"),
        (b"say %22hi%22.mp3", 'say "hi".mp3'),
        (b"x" * 300, "x" * 255),
        (b"\xff\xfe.mp3", "��.mp3"),
        (b"", None),
    ],
)
async def test_file_names(sent: bytes, kept: str | None, api: Api) -> None:
    form = part("job_id", b"job-1") + file_head(sent) + SPEECH.read_bytes() + b"\r\n--b--\r\n"
    answer = await api.http.post("/transcribe-job", content=form, headers=form_headers())
    assert answer.status_code == 202
    assert (await api.job("job-1")).get("fileName") == kept


async def test_a_refused_sender_that_sends_all_gets_the_answer(api: Api) -> None:
    """Most senders read no answer before they have sent all; a cut connection would hide it."""
    content = b"x" * 1_500_000
    answer = await api.upload("job-1", content, headers={"Authorization": "Bearer no-ticket"})
    assert answer.status_code == 401
    assert api.harness.file_names() == set()


async def test_word_times_reach_the_engine_by_default(api: Api, tmp_path: Path) -> None:
    content = write_wav(tmp_path / "x.wav", speech_pcm()[:32_000]).read_bytes()
    assert (await api.upload("job-1", content)).status_code == 202
    assert (await api.harness.engine.next_run()).options.word_times is True
