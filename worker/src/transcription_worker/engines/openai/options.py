"""How to reach the service and what it takes."""

from dataclasses import dataclass, field

from ...retry import RetryPolicy

# A piece is a minute's work for the service, so that it is worth waiting for.
_PATIENT = RetryPolicy(retries=5, base_delay=1.0, max_delay=30.0, max_retry_after=120.0)


@dataclass(frozen=True, slots=True)
class OpenAIOptions:
    """Settings of the engine.

    `base_url` ends before `/audio/transcriptions`. `max_upload_bytes` is the largest file that the
    service takes. `piece_seconds`: longer audio is sent in pieces, so that its transcript grows
    while it is made. `timeout`: seconds that the service may take for one piece.
    """

    base_url: str = "https://api.openai.com/v1"
    api_key: str = field(default="", repr=False)
    model: str = "whisper-1"
    max_upload_bytes: int = 25_000_000
    piece_seconds: float = 300.0
    timeout: float = 600.0
    retry: RetryPolicy = _PATIENT
