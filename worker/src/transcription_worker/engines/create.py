"""The engine that the settings ask for."""

from ..errors import ConfigurationError
from ..settings import Settings
from .base import Engine
from .openai import OpenAIEngine, OpenAIOptions
from .pocketsphinx import PocketsphinxEngine


def create_engine(settings: Settings) -> Engine:
    """Raises `ConfigurationError` where the engine lacks a setting."""
    if settings.engine == "pocketsphinx":
        return PocketsphinxEngine()
    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else ""
    if not key and "api.openai.com" in settings.openai_base_url:
        raise ConfigurationError(
            "OPENAI_API_KEY is not set: make one at https://platform.openai.com/api-keys, or set"
            " OPENAI_BASE_URL to a service that needs none."
        )
    return OpenAIEngine(
        OpenAIOptions(
            base_url=settings.openai_base_url,
            api_key=key,
            model=settings.openai_model,
            max_upload_bytes=settings.openai_max_upload_bytes,
            piece_seconds=settings.openai_piece_seconds,
            timeout=settings.openai_timeout,
            outage_seconds=settings.engine_outage_seconds,
        )
    )
