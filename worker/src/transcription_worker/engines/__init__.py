"""Speech engines: decoded audio in, progress and segments out."""

from .base import Engine, EngineError, EngineEvent, TranscriptionOptions, UnsupportedOptionError
from .create import create_engine

__all__ = [
    "Engine",
    "EngineError",
    "EngineEvent",
    "TranscriptionOptions",
    "UnsupportedOptionError",
    "create_engine",
]
