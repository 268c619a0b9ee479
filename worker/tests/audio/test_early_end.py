"""Recordings that were cut off: what is there is read, and what is missing is said."""

from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import av
import pytest

from support.queue_harness import queue_harness
from support.recording import FORMATS, SPEECH_SECONDS, encode_speech, speech_pcm, write_wav
from support.scripted_server import ScriptedServer
from transcription_worker import DiskFullError
from transcription_worker.audio import AudioError, decode_audio, probe_audio
from transcription_worker.audio.decode import decode
from transcription_worker.audio.early_end import notice
from transcription_worker.engines import TranscriptionOptions

HOUR = 3600.0


def moov_in_front(path: Path) -> Path:
    return remux(encode_speech(path.with_name("s.m4a")), path, movflags="faststart")


def in_fragments(path: Path) -> Path:
    flags = {"movflags": "frag_keyframe+empty_moov", "frag_duration": "1000000"}
    return remux(encode_speech(path.with_name("s.m4a")), path, **flags)


def remux(source: Path, target: Path, container: str = "mp4", **options: str) -> Path:
    with av.open(str(source)) as old, av.open(str(target), "w", container, options) as new:
        stream = new.add_stream_from_template(old.streams.audio[0])
        for packet in old.demux(audio=0):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)
    return target


def without_length(path: Path) -> Path:
    """As a browser records: nobody knew how long it would become."""
    return remux(encode_speech(path.with_name("s.webm")), path, "webm", live="1")


def bare_mp3(path: Path) -> Path:
    """Without the frame that holds the length: FFmpeg guesses it."""
    return remux(encode_speech(path.with_name("s.mp3")), path, "mp3", write_xing="0")


def bare_aac(path: Path) -> Path:
    """FFmpeg guesses wrongly here, by two seconds."""
    return remux(encode_speech(path.with_name("s.m4a")), path, "adts")


def from_a_pipe(path: Path) -> Path:
    """Its header says that it has 4 GiB."""
    sizes = b"\xff" * 4
    return write_wav(
        path, speech_pcm(), lambda b: b[:4] + sizes + b[8:].replace(b[74:78], sizes, 1)
    )


MAKERS: dict[str, Callable[[Path], Path]] = {
    **dict.fromkeys(FORMATS, encode_speech),
    "fast.m4a": moov_in_front,
    "fragments.mp4": in_fragments,
    "live.webm": without_length,
    "bare.mp3": bare_mp3,
    "bare.aac": bare_aac,
    "pipe.wav": from_a_pipe,
}


def make(name: str, folder: Path) -> Path:
    return MAKERS[name](folder / (name if "." in name else f"whole.{name}"))


def read(path: Path) -> tuple[float, str | None]:
    decoded = decode(path, path.with_name("pcm"), HOUR, lambda _: None)
    assert path.with_name("pcm").stat().st_size == decoded.samples * 2
    return decoded.samples / 16_000, decoded.notice


def cut(path: Path, share: float = 0.6) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


@pytest.mark.parametrize("name", MAKERS)
def test_nothing_is_said_of_a_whole_recording(name: str, tmp_path: Path) -> None:
    seconds, told = read(make(name, tmp_path))
    assert seconds == pytest.approx(SPEECH_SECONDS, abs=0.2)
    assert told is None


EIGHT_OF_FOURTEEN = "The recording ends early: 8 of 14 seconds could be read"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("mp3", EIGHT_OF_FOURTEEN),
        ("webm", EIGHT_OF_FOURTEEN),
        ("flac", EIGHT_OF_FOURTEEN),
        ("wav", EIGHT_OF_FOURTEEN),
        ("fast.m4a", EIGHT_OF_FOURTEEN),
        ("fragments.mp4", "The recording ends early: only its first 8 seconds could be read"),
        # These do not say how long they are.
        ("ogg", None),
        ("live.webm", None),
        ("bare.mp3", None),
        ("bare.aac", None),
        ("pipe.wav", None),
    ],
)
def test_what_is_there_of_a_cut_off_recording_is_read(
    name: str, told: str | None, tmp_path: Path
) -> None:
    seconds, said = read(cut(make(name, tmp_path)))
    assert seconds == pytest.approx(8.1, abs=0.25)
    assert said == told


def test_without_its_index_an_m4a_is_broken(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="its index is missing") as caught:
        read(cut(make("m4a", tmp_path)))
    assert caught.value.code == "broken_audio"


def test_a_damaged_middle_is_no_early_end(tmp_path: Path) -> None:
    path = make("fast.m4a", tmp_path)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 30_000] = bytes(30_000)
    path.write_bytes(content)
    _, told = read(path)
    assert told is None


def test_a_guessed_length_is_not_taken_for_a_stated_one(tmp_path: Path) -> None:
    """From ten quiet seconds at the beginning FFmpeg takes the rest for four times as long."""
    path = tmp_path / "guessed.mp3"
    quiet = write_wav(tmp_path / "quiet.wav", bytes(320_000) + speech_pcm())
    with av.open(str(quiet)) as old, av.open(str(path), "w", "mp3", {"write_xing": "0"}) as new:
        options = {"abr": "1", "b": "64000"}
        stream = new.add_stream("libmp3lame", rate=16_000, layout="mono", options=options)
        for frame in old.decode(audio=0):
            new.mux(stream.encode(frame))
        new.mux(stream.encode(None))
    with av.open(str(path)) as container:
        assert (container.duration or 0) > 90_000_000
    seconds, told = read(path)
    assert seconds == pytest.approx(23.7, abs=0.2)
    assert told is None


def test_a_longer_film_is_no_early_end(tmp_path: Path) -> None:
    path = tmp_path / "film.mkv"
    with av.open(str(encode_speech(tmp_path / "s.m4a"))) as old, av.open(str(path), "w") as new:
        picture = new.add_stream("mpeg4", rate=1)
        picture.width, picture.height, picture.pix_fmt = 64, 64, "yuv420p"
        sound = new.add_stream_from_template(old.streams.audio[0])
        for second in range(60):
            frame = av.VideoFrame(64, 64, "yuv420p")
            frame.pts = second
            new.mux(picture.encode(frame))
        new.mux(picture.encode(None))
        for packet in old.demux(audio=0):
            if packet.dts is not None:
                packet.stream = sound
                new.mux(packet)
    assert read(path)[1] is None


@pytest.mark.parametrize(
    ("seconds", "stated", "is_cut", "told"),
    [
        (13.0, 13.9, True, None),
        (100.0, 102.0, False, None),
        (100.0, 102.1, False, "100 of 102 seconds"),
        (12.6, 13.67, False, "12 of 14 seconds"),
        (0.02, 20.0, True, "0 of 20 seconds"),
        (75.0, 3_725.2, False, "1:15 of 1:02:05 could"),
        (20.0, 10.0, False, None),
        (119.6, None, True, "only its first 119 seconds"),
        (3_600.0, None, True, "only its first 1:00:00 could"),
        (8.0, None, False, None),
    ],
)
def test_notice(seconds: float, stated: float | None, is_cut: bool, told: str | None) -> None:
    said = notice(seconds, stated, is_cut)
    assert said is None if told is None else told in (said or "")


async def test_a_job_says_so_and_keeps_it_with_the_result(
    server: ScriptedServer, tmp_path: Path
) -> None:
    async with queue_harness(tmp_path, server) as queue:
        queue.recording = cut(make("fast.m4a", tmp_path))
        await queue.submit("cut")
        run = await queue.engine.next_run()
        run.say(0.5, "half")
        run.finish()
        assert (await queue.ended("cut"))["status"] == "completed"
        updates = [u for u in queue.updates("cut") if u["status"] != "pending"]
    later = [u.get("message") for u in updates if u.get("stage") not in ("decoding", "queued")]
    assert later[-1] == EIGHT_OF_FOURTEEN
    assert set(later) == {EIGHT_OF_FOURTEEN}


async def test_why_a_job_failed_is_told_to_programs(server: ScriptedServer, tmp_path: Path) -> None:
    async with queue_harness(tmp_path, server) as queue:
        upload = await queue.service.begin_upload("broken", "broken.m4a")
        whole = make("m4a", tmp_path)
        info = await probe_audio(whole, HOUR)
        queue.files.upload(upload).write_bytes(cut(whole).read_bytes())
        assert await queue.service.enqueue(upload, 1, info, TranscriptionOptions())
        end = await queue.ended("broken")
    assert (end["status"], end["errorCode"]) == ("failed", "broken_audio")


async def test_a_full_disk_is_an_error_of_its_own(tmp_path: Path) -> None:
    target = tmp_path / "speech.pcm"
    target.symlink_to("/dev/full")
    path = make("flac", tmp_path)
    with pytest.raises(DiskFullError, match="The disk is full: no room in"):
        async with aclosing(decode_audio(path, target, HOUR)) as steps:
            async for _ in steps:
                pass
    assert not target.is_symlink()
