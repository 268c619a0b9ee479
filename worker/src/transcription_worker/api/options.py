"""What the API is told by the settings."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ApiOptions:
    """`keys`: those that sign tickets. `origins`: of pages that may call; none: this machine's.

    Limits are in bytes and seconds.
    """

    keys: tuple[str, ...]
    origins: tuple[str, ...] = ()
    max_upload_bytes: int = 1024**3
    max_audio_seconds: float = 12 * 60 * 60
