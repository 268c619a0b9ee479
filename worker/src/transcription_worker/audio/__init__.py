"""Uploaded files in, 16 kHz mono samples out."""

from .errors import AudioError
from .files import decode_audio, probe_audio
from .formats import ACCEPTED_FORMATS
from .pcm import SAMPLE_RATE, PcmAudio
from .pieces import Piece, cut_at_silences

__all__ = [
    "ACCEPTED_FORMATS",
    "SAMPLE_RATE",
    "AudioError",
    "PcmAudio",
    "Piece",
    "cut_at_silences",
    "decode_audio",
    "probe_audio",
]
