"""Reading audio files with FFmpeg's libraries. Runs in a process of its own, see `child`."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.container import InputContainer
from av.stream import Disposition

from . import early_end
from .errors import AudioError
from .formats import ACCEPTED_FORMATS, OPEN_OPTIONS, format_name
from .pcm import BYTES_PER_SAMPLE, SAMPLE_RATE

_READABLE = ", ".join(ACCEPTED_FORMATS)


@dataclass(frozen=True, slots=True)
class Probe:
    """What a file says about itself: seconds (where it knows), hertz, channels, format, bytes."""

    duration: float | None
    sample_rate: int
    channels: int
    format: str
    size_bytes: int

    def to_json(self) -> dict[str, object]:
        """The fields as JSON values."""
        return asdict(self)


def probe(path: Path, max_seconds: float) -> Probe:
    """Looks at a file and decodes the first of its sound.

    Raises `AudioError` for what is no audio file, of a kind that is not read, broken or too long.
    """
    with _open(path) as container:
        stream = container.streams.audio[0]
        duration = None if container.duration is None else container.duration / av.time_base
        if duration is not None and duration > max_seconds:
            raise _too_long(max_seconds)
        if next(_frames(container), None) is None:
            raise _broken("nothing in it can be decoded")
        name = format_name(container.format.name, _has_pictures(container))
        return Probe(duration, stream.rate, stream.channels, name, path.stat().st_size)


@dataclass(slots=True)
class Decoded:
    """What was decoded: the number of samples, and what people should know about the recording."""

    samples: int
    notice: str | None


def decode(
    path: Path, target: Path, max_seconds: float, on_progress: Callable[[float], None]
) -> Decoded:
    """Writes a file's sound to `target` as 16 kHz mono samples, at least one.

    What follows a damaged part is decoded as well as it can be, as players do. `on_progress` is
    told the seconds that are done, about once per second of sound. Raises `AudioError` where
    nothing can be decoded, or where there is more than `max_seconds` of it, and `OSError` where
    `target` cannot be written.
    """
    samples, told, end = 0, 0, _End()
    with _open(path) as container, target.open("wb") as out:
        stated = early_end.stated_duration(container, path)
        for pcm in _resampled(_frames(container, end)):
            out.write(pcm)
            samples += len(pcm) // BYTES_PER_SAMPLE
            if samples > max_seconds * SAMPLE_RATE:
                raise _too_long(max_seconds)
            if samples - told >= SAMPLE_RATE:
                told = samples
                on_progress(samples / SAMPLE_RATE)
        cut = end.corrupt and early_end.may_be_cut(container)
    if samples == 0:
        raise _broken("nothing in it can be decoded")
    read = max(samples / SAMPLE_RATE, end.reached)
    return Decoded(samples, early_end.notice(read, stated, cut))


def _open(path: Path) -> InputContainer:
    try:
        container = av.open(f"file:{path}", options=OPEN_OPTIONS)
    except av.FFmpegError as error:
        if _is_mpeg4(path):
            raise _broken("its index is missing, as when only a part of it has arrived") from error
        raise AudioError(
            "unsupported_audio",
            f"This is no audio file that can be read ({_READABLE}), or it is damaged.",
        ) from error
    if not container.streams.audio:
        container.close()
        raise AudioError("unsupported_audio", "This file has no sound in it.")
    return container


def _is_mpeg4(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(8)[4:] == b"ftyp"
    except OSError:
        return False


def _has_pictures(container: InputContainer) -> bool:
    """Whether it is a film; a cover is no film."""
    return any(
        not stream.disposition & Disposition.attached_pic for stream in container.streams.video
    )


@dataclass(slots=True)
class _End:
    """Where a stream ended: the last sound's end in seconds, and whether a packet was cut off."""

    reached: float = 0.0
    corrupt: bool = False


def _frames(container: InputContainer, end: _End | None = None) -> Iterator[AudioFrame]:
    """Decodes packet by packet: one damaged packet does not end a file; notes the `end`."""
    end = end or _End()
    packets = container.demux(container.streams.audio[0])
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.FFmpegError:
            end.corrupt = True
            return
        # The last one is empty, to empty the decoder.
        end.corrupt = packet.is_corrupt or (packet.size == 0 and end.corrupt)
        try:
            for frame in packet.decode():
                if frame.time is not None:
                    end.reached = max(end.reached, frame.time + frame.samples / frame.sample_rate)
                yield frame
        except av.FFmpegError:
            continue


def _resampled(frames: Iterator[AudioFrame]) -> Iterator[bytes]:
    # A stream may change its form half-way; a resampler takes one form only.
    for _, alike in itertools.groupby(frames, key=_form):
        resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
        for frame in alike:
            frame.pts = None
            yield from map(_bytes, resampler.resample(frame))
        yield from map(_bytes, resampler.resample(None))


def _form(frame: AudioFrame) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _bytes(frame: AudioFrame) -> bytes:
    return bytes(frame.planes[0])[: frame.samples * BYTES_PER_SAMPLE]


def _broken(why: str) -> AudioError:
    return AudioError("broken_audio", f"The audio file is broken: {why}.")


def _too_long(max_seconds: float) -> AudioError:
    limit = f"{max_seconds / 60:g} minutes"
    return AudioError("audio_too_long", f"The audio is longer than {limit}.")
