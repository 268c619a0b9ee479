"""Reading uploads: what works, what is refused and why."""

import random
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import av
import pytest
from av.stream import Disposition
from av.video.frame import VideoFrame

from support.recording import (
    FORMATS,
    SPEECH,
    SPEECH_SECONDS,
    encode_speech,
    speech_pcm,
    write_wav,
)
from transcription_worker.audio import AudioError, PcmAudio, decode_audio, probe_audio
from transcription_worker.audio.pcm import loudest

HOUR = 3600.0


async def decode(path: Path, target: Path, max_seconds: float = HOUR) -> PcmAudio:
    """The decoded file; checks that what is told on the way only grows."""
    told = []
    async with aclosing(decode_audio(path, target, max_seconds)) as steps:
        async for step in steps:
            told.append(step.seconds)
            if step.audio is not None:
                assert told == sorted(told)
                assert target.stat().st_size == step.audio.samples * 2
                return step.audio
    raise AssertionError("decoding ended without a result")


@pytest.mark.parametrize("ending", FORMATS)
async def test_every_format_is_read(ending: str, tmp_path: Path) -> None:
    path = encode_speech(tmp_path / f"speech.{ending}")
    # An upload has no ending: the content alone counts.
    path = path.rename(tmp_path / "upload")
    info = await probe_audio(path, HOUR)
    assert info.format == ending
    assert (info.sample_rate, info.channels) == FORMATS[ending][2:]
    assert info.size_bytes == path.stat().st_size
    audio = await decode(path, tmp_path / "pcm")
    # Encoders put a little silence before and after.
    assert audio.duration == pytest.approx(SPEECH_SECONDS, abs=0.15)
    assert loudest(audio.read(0, audio.samples)) > 8_000


async def test_decoding_keeps_every_sample(tmp_path: Path) -> None:
    audio = await decode(SPEECH, tmp_path / "pcm")
    assert audio.path.read_bytes() == speech_pcm()
    assert audio.read(16_000, 16_010) == speech_pcm()[32_000:32_020]


async def test_the_sound_of_a_film_is_read(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    with av.open(str(SPEECH)) as source, av.open(str(path), "w") as target:
        picture = target.add_stream("mpeg4", rate=10)
        picture.width, picture.height, picture.pix_fmt = 64, 64, "yuv420p"
        sound = target.add_stream("aac", rate=16_000, layout="mono")
        for index in range(10):
            frame = VideoFrame(64, 64, "yuv420p")
            frame.pts = index
            target.mux(picture.encode(frame))
        target.mux(picture.encode(None))
        for sound_frame in source.decode(audio=0):
            target.mux(sound.encode(sound_frame))
        target.mux(sound.encode(None))
    assert (await probe_audio(path, HOUR)).format == "mp4"
    assert (await decode(path, tmp_path / "pcm")).duration == pytest.approx(13.67, abs=0.2)


async def test_a_cover_makes_no_film(tmp_path: Path) -> None:
    path = tmp_path / "cover.m4a"
    with av.open(str(SPEECH)) as source, av.open(str(path), "w", format="mp4") as target:
        sound = target.add_stream("aac", rate=16_000, layout="mono")
        cover = target.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        target.mux(cover.encode(VideoFrame(64, 64, "yuvj420p")))
        target.mux(cover.encode(None))
        for frame in source.decode(audio=0):
            target.mux(sound.encode(frame))
        target.mux(sound.encode(None))
    assert (await probe_audio(path, HOUR)).format == "m4a"


def _text(folder: Path) -> bytes:
    return b"This is not audio at all.\n" * 100


def _playlist(folder: Path) -> bytes:
    """A playlist that names another file: reading it would leak what the upload does not hold."""
    (folder / "secret.wav").write_bytes(write_wav(folder / "x.wav", speech_pcm()).read_bytes())
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:9", "#EXTINF:9,", f"file:{folder}/secret.wav"]
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""]).encode()


def _concat_script(folder: Path) -> bytes:
    write_wav(folder / "secret.wav", speech_pcm())
    return f"ffconcat version 1.0\nfile {folder}/secret.wav\n".encode()


def _film_without_sound(folder: Path) -> bytes:
    path = folder / "silent.mp4"
    with av.open(str(path), "w") as target:
        picture = target.add_stream("mpeg4", rate=10)
        picture.width, picture.height, picture.pix_fmt = 64, 64, "yuv420p"
        target.mux(picture.encode(VideoFrame(64, 64, "yuv420p")))
        target.mux(picture.encode(None))
    return path.read_bytes()


def _m4a_without_its_index(folder: Path) -> bytes:
    content = encode_speech(folder / "x.m4a").read_bytes()
    return content[: len(content) // 2]


def _wav_without_samples(folder: Path) -> bytes:
    return write_wav(folder / "x.wav", b"\0\0").read_bytes()[:44]


def _flac_header_and_noise(folder: Path) -> bytes:
    return SPEECH.read_bytes()[:42] + random.Random(1).randbytes(50_000)


@pytest.mark.parametrize(
    ("make", "code", "says"),
    [
        (lambda _: b"", "unsupported_audio", "mp3, m4a"),
        (_text, "unsupported_audio", "mp3, m4a"),
        (_playlist, "unsupported_audio", "mp3, m4a"),
        (_concat_script, "unsupported_audio", "mp3, m4a"),
        (_film_without_sound, "unsupported_audio", "no sound"),
        (_m4a_without_its_index, "broken_audio", "its index is missing"),
        (_wav_without_samples, "unsupported_audio", "damaged"),
        (_flac_header_and_noise, "broken_audio", "nothing in it can be decoded"),
    ],
)
async def test_what_is_no_audio_is_refused(
    make: Callable[[Path], bytes], code: str, says: str, tmp_path: Path
) -> None:
    path = tmp_path / "upload"
    path.write_bytes(make(tmp_path))
    with pytest.raises(AudioError, match=says) as caught:
        await probe_audio(path, HOUR)
    assert caught.value.code == code
    with pytest.raises(AudioError):
        await decode(path, tmp_path / "pcm")


@pytest.mark.parametrize("ending", ["mp3", "flac", "ogg", "wav", "webm"])
async def test_a_cut_off_file_is_read_up_to_there(ending: str, tmp_path: Path) -> None:
    path = encode_speech(tmp_path / f"speech.{ending}")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    await probe_audio(path, HOUR)
    audio = await decode(path, tmp_path / "pcm")
    assert 5 < audio.duration < 9


async def test_a_damaged_middle_does_not_lose_the_end(tmp_path: Path) -> None:
    path = encode_speech(tmp_path / "speech.mp3")
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 2_000] = random.Random(2).randbytes(2_000)
    path.write_bytes(content)
    assert (await decode(path, tmp_path / "pcm")).duration > SPEECH_SECONDS - 1


async def test_a_long_file_is_refused_by_its_header(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"longer than 0\.1 minutes") as caught:
        await probe_audio(SPEECH, max_seconds=6)
    assert caught.value.code == "audio_too_long"


async def test_a_long_file_is_refused_by_what_is_in_it(tmp_path: Path) -> None:
    with pytest.raises(AudioError) as caught:
        await decode(SPEECH, tmp_path / "pcm", max_seconds=10)
    assert caught.value.code == "audio_too_long"


async def test_a_missing_file_is_no_crash(tmp_path: Path) -> None:
    with pytest.raises(AudioError):
        await probe_audio(tmp_path / "nothing", HOUR)
