"""The recording of `tests/recordings`, and audio files made of it."""

from collections.abc import Callable
from pathlib import Path
from typing import cast

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream

from transcription_worker.audio import SAMPLE_RATE, PcmAudio

FOLDER = Path(__file__).resolve().parents[1] / "recordings"
SPEECH = FOLDER / "speech.flac"
SPEECH_SECONDS = 13.67
SENTENCES = tuple(
    line.lower().rstrip(".") for line in (FOLDER / "speech.txt").read_text("utf-8").splitlines()
)
TRANSCRIPT = " ".join(SENTENCES)

# File ending: container, codec, sample rate, channels.
FORMATS = {
    "mp3": ("mp3", "libmp3lame", 44_100, 2),
    "m4a": ("ipod", "aac", 44_100, 2),
    "ogg": ("ogg", "libopus", 48_000, 1),
    "webm": ("webm", "libopus", 48_000, 1),
    "flac": ("flac", "flac", 16_000, 1),
    "wav": ("wav", "pcm_s16le", 8_000, 1),
}


def encode_speech(path: Path) -> Path:
    """Writes the recording to `path` in the form that its ending says."""
    container, codec, rate, channels = FORMATS[path.suffix[1:]]
    layout = "mono" if channels == 1 else "stereo"
    with av.open(str(SPEECH)) as source, av.open(str(path), "w", format=container) as target:
        stream = cast("AudioStream", target.add_stream(codec, rate=rate, layout=layout))
        resampler = AudioResampler(
            format=stream.format, layout=layout, rate=rate, frame_size=stream.frame_size or 0
        )
        for frame in [*source.decode(audio=0), None]:
            for resampled in resampler.resample(frame):
                target.mux(stream.encode(resampled))
        target.mux(stream.encode(None))
    return path


def speech_pcm() -> bytes:
    """The recording's samples, 16 kHz mono."""
    with av.open(str(SPEECH)) as source:
        frames = list(source.decode(audio=0))
    return b"".join(bytes(frame.planes[0])[: frame.samples * 2] for frame in frames)


def write_pcm(path: Path, pcm: bytes) -> PcmAudio:
    """Decoded audio of these samples."""
    path.write_bytes(pcm)
    return PcmAudio(path, len(pcm) // 2)


def write_wav(path: Path, pcm: bytes, edit: Callable[[bytes], bytes] = bytes) -> Path:
    """A WAV file of these samples, its bytes changed by `edit`."""
    frame = AudioFrame(format="s16", layout="mono", samples=len(pcm) // 2)
    frame.planes[0].update(pcm)
    frame.sample_rate = SAMPLE_RATE
    with av.open(str(path), "w", format="wav") as container:
        stream = container.add_stream("pcm_s16le", rate=SAMPLE_RATE, layout="mono")
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    path.write_bytes(edit(path.read_bytes()))
    return path
