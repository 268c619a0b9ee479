"""The default engine: Whisper on this machine, by faster-whisper."""

from .engine import WhisperEngine, WhisperOptions

__all__ = ["WhisperEngine", "WhisperOptions"]
