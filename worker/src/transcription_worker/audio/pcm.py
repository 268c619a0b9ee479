"""Decoded audio: raw samples in a file, so that hours of it need no memory."""

import array
import sys
from dataclasses import dataclass
from pathlib import Path

# Hertz: what every speech engine here wants.
SAMPLE_RATE = 16_000
BYTES_PER_SAMPLE = 2


@dataclass(frozen=True, slots=True)
class PcmAudio:
    """16 kHz, mono, signed 16-bit little-endian samples, without a header."""

    path: Path
    samples: int

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.samples / SAMPLE_RATE

    def read(self, start: int, end: int) -> bytes:
        """Reads the samples from `start` up to `end`, counted from the beginning."""
        with self.path.open("rb") as file:
            file.seek(start * BYTES_PER_SAMPLE)
            return file.read((end - start) * BYTES_PER_SAMPLE)


def loudest(pcm: bytes) -> int:
    """Finds the greatest distance from zero among these samples, 0 to 32,768."""
    samples = array.array("h", pcm)
    if sys.byteorder == "big":
        samples.byteswap()
    return max(max(samples), -min(samples)) if samples else 0
