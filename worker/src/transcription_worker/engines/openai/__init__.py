"""Any service with OpenAI's `/audio/transcriptions`: OpenAI, Groq, a Whisper of one's own."""

from .engine import OpenAIEngine
from .service import OpenAIOptions

__all__ = ["OpenAIEngine", "OpenAIOptions"]
