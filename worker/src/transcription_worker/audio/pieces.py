"""Cutting long audio where nobody speaks."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from .pcm import BYTES_PER_SAMPLE, SAMPLE_RATE, PcmAudio, loudest

# Samples of one loudness reading: 20 ms, shorter than any pause between words.
FRAME = SAMPLE_RATE // 50
# Readings of the pause that is looked for: half a second, as between sentences.
PAUSE_FRAMES = 25
# Seconds before the limit in which a cut may be: enough to hold a pause in any speech.
SEARCH_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of audio, in samples; `end` is not part of it."""

    start: int
    end: int

    @property
    def offset(self) -> float:
        """Seconds from the beginning of the audio to that of the piece."""
        return self.start / SAMPLE_RATE

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return (self.end - self.start) / SAMPLE_RATE


def quietest_pause(levels: Sequence[int]) -> int:
    """The middle of the quietest half second, as an index; of equally quiet ones the last.

    `levels` is the loudness per frame, at least one.
    """
    width = min(PAUSE_FRAMES, len(levels))
    sums = [0, *itertools.accumulate(levels)]
    starts = range(len(levels) - width, -1, -1)
    return min(starts, key=lambda start: sums[start + width] - sums[start]) + width // 2


def cut_at_silences(audio: PcmAudio, max_seconds: float) -> list[Piece]:
    """Cuts audio into pieces of at most `max_seconds` that follow each other without a gap.

    Reads half a minute of the file for each; call it off the event loop.
    """
    limit = max(FRAME, int(max_seconds * SAMPLE_RATE))
    search = min(SEARCH_SECONDS * SAMPLE_RATE, limit // 2)
    pieces: list[Piece] = []
    start = 0
    while audio.samples - start > limit:
        begin = start + limit - search
        levels = _levels(audio.read(begin, start + limit))
        end = begin + quietest_pause(levels) * FRAME
        pieces.append(Piece(start, end))
        start = end
    return [*pieces, Piece(start, audio.samples)]


def _levels(pcm: bytes) -> list[int]:
    width = FRAME * BYTES_PER_SAMPLE
    return [loudest(pcm[at : at + width]) for at in range(0, len(pcm), width)]
