"""The command `transcription-worker`."""

from .main import main

__all__ = ["main"]
