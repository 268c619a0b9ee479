"""Finding utterances in sound: each becomes one segment."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pocketsphinx import Endpointer

from ...audio.pcm import BYTES_PER_SAMPLE, SAMPLE_RATE, loudest

# Seconds of speech without a pause after which a dip in loudness ends an utterance …
_DIP_AFTER = 10.0
# … one down to this share of the utterance's loudest frame …
_DIP = 0.15
# … and seconds after which anything does: music and noise never pause, and readers wait.
_END_AFTER = 20.0


@dataclass(frozen=True, slots=True)
class Speech:
    """A little of an utterance: where it begins (seconds), samples, whether they are its last."""

    start: float
    pcm: bytes
    last: bool


def frame_bytes() -> int:
    """Bytes of the frames in which `find_speech` takes sound."""
    return int(Endpointer(sample_rate=SAMPLE_RATE).frame_bytes)


def find_speech(frames: Iterable[bytes]) -> Iterator[Speech]:
    """The speech in 16 kHz mono samples, frame by frame.

    Each of `frames` has `frame_bytes()`, but the last, which is shorter or empty.
    """
    endpointer = Endpointer(sample_rate=SAMPLE_RATE)
    start: float | None = None
    seconds, peak = 0.0, 0
    for frame in frames:
        if len(frame) == endpointer.frame_bytes:
            pcm = endpointer.process(frame)
        elif endpointer.in_speech:
            # It takes no empty frame; a silent sample does no harm.
            pcm = endpointer.end_stream(frame or bytes(BYTES_PER_SAMPLE))
        else:
            return
        if pcm is None:
            continue
        if start is None:
            start, seconds, peak = endpointer.speech_start, 0.0, 0
        loudness = loudest(pcm)
        peak = max(peak, loudness)
        seconds += len(pcm) / BYTES_PER_SAMPLE / SAMPLE_RATE
        paused = not endpointer.in_speech
        dipped = seconds > _DIP_AFTER and loudness < peak * _DIP
        last = paused or dipped or seconds > _END_AFTER
        yield Speech(start, pcm, last)
        if last:
            start, seconds, peak = None if paused else start + seconds, 0.0, 0
