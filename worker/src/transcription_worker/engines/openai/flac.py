"""Compressing a piece of audio for the journey."""

import io

import av
from av.audio.frame import AudioFrame

from ...audio.pcm import BYTES_PER_SAMPLE, SAMPLE_RATE

# FLAC stores what it cannot compress as it is; this many bytes of headers come on top of each
# block of 4,096 samples, and once in front.
_BLOCK_SAMPLES = 4096
_BLOCK_HEADER = 32
_FILE_HEADER = 16 * 1024


def longest_piece(max_bytes: int) -> float:
    """Seconds of 16 kHz mono sound that surely fit into a FLAC file of `max_bytes`."""
    blocks = max(
        1, (max_bytes - _FILE_HEADER) // (_BLOCK_SAMPLES * BYTES_PER_SAMPLE + _BLOCK_HEADER)
    )
    return blocks * _BLOCK_SAMPLES / SAMPLE_RATE


def to_flac(pcm: bytes) -> bytes:
    """16 kHz mono samples as a FLAC file. Takes a while; call it off the event loop."""
    out = io.BytesIO()
    frame = AudioFrame(format="s16", layout="mono", samples=len(pcm) // BYTES_PER_SAMPLE)
    frame.planes[0].update(pcm)
    frame.sample_rate = SAMPLE_RATE
    with av.open(out, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=SAMPLE_RATE, layout="mono")
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()
