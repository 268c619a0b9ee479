"""Recordings that end before they should: uploads and copies that were cut off."""

from pathlib import Path
from typing import cast

from av.audio.stream import AudioStream
from av.container import InputContainer

# Both must be missing before it is said: encoders and players count the edges differently.
_SECONDS = 1.0
_SHARE = 0.02
# Seconds from which on a length is written as on a clock.
_CLOCK_FROM = 120
# Programs that write a WAV file into a pipe put the greatest sizes that they can into its header.
_RIFF_UNKNOWN = 0x7FFF_0000


def notice(read: float, stated: float | None, cut: bool) -> str | None:
    """What to tell people about a recording of which `read` seconds could be read.

    `stated` is how long it says that it is, where that can be trusted, and `cut` whether its last
    packet is not whole. `None`: it seems to be all there.
    """
    if stated is None:
        if not cut:
            return None
        return f"The recording ends early: only its first {_length(int(read))} could be read"
    missing = stated - read
    if missing <= _SECONDS or missing <= stated * _SHARE:
        return None
    if stated < _CLOCK_FROM:
        of = f"{int(read)} of {round(stated)} seconds"
    else:
        of = f"{_clock(int(read))} of {_clock(round(stated))}"
    return f"The recording ends early: {of} could be read"


def stated_duration(container: InputContainer, path: Path) -> float | None:
    """Seconds of sound that a file itself says it has; `None` where it does not, or only guesses.

    FFmpeg guesses a length from what is left of the file where the file states none.
    """
    stream = container.streams.audio[0]
    match container.format.name.split(",")[0]:
        case "mov":
            # A file in fragments tells of those that are there.
            return _seconds(stream) if stream.frames else None
        case "matroska":
            # Its length is that of the longest track.
            return None if container.streams.video else _seconds(container)
        case "flac":
            return _seconds(container)
        case "mp3":
            return _seconds(container) if _is_smaller_than_stated(container, stream) else None
        case "wav":
            return _riff_duration(path, stream)
    return None


def may_be_cut(container: InputContainer) -> bool:
    """Whether a last packet that is not whole says that the file was cut off.

    Not in a WAV file, whose header may name a size that was never meant.
    """
    return container.format.name != "wav"


def _is_smaller_than_stated(container: InputContainer, stream: AudioStream) -> bool:
    """Whether the bytes are too few for the length at the stream's rate.

    Where they are not, the length may be guessed from them, and is reached in any case.
    """
    rate = stream.codec_context.bit_rate
    return rate is not None and container.bit_rate < rate * (1 - _SHARE)


def _riff_duration(path: Path, stream: AudioStream) -> float | None:
    with path.open("rb") as file:
        head = file.read(8)
    size = int.from_bytes(head[4:], "little")
    rate = stream.codec_context.bit_rate
    if head[:4] != b"RIFF" or not 0 < size < _RIFF_UNKNOWN or not rate:
        return None
    return size * 8 / rate


def _seconds(source: InputContainer | AudioStream) -> float | None:
    if source.duration is None:
        return None
    base = 1e-6 if isinstance(source, InputContainer) else cast("float", source.time_base)
    return float(source.duration * base)


def _length(seconds: int) -> str:
    return f"{seconds} seconds" if seconds < _CLOCK_FROM else _clock(seconds)


def _clock(seconds: int) -> str:
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
