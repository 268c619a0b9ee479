"""What can be wrong with an audio file."""

from typing import Literal

AudioErrorCode = Literal["unsupported_audio", "broken_audio", "audio_too_long"]


class AudioError(Exception):
    """The file cannot be transcribed; the message says why, for the person who sent it."""

    def __init__(self, code: AudioErrorCode, message: str) -> None:
        """`code` is for programs, `message` for people."""
        super().__init__(message)
        self.code: AudioErrorCode = code
        self.message = message
