"""What a process that transcribes is told, as the one argument of its command line."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Task:
    """`model` is a folder, `pcm` a file of 16 kHz mono samples, `language` one of Whisper's codes.

    The rest is as in `TranscriptionOptions`.
    """

    model: str
    pcm: str
    language: str | None
    word_times: bool
    temperature: float | None
    initial_prompt: str | None
    hotwords: str | None

    def to_json(self) -> str:
        """For `from_json` in the other process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Task":
        """What `to_json` wrote."""
        return cls(**json.loads(text))
