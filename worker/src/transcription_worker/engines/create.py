"""The engine that the settings ask for."""

import importlib.util

from ..errors import MissingExtraError
from ..settings import Settings
from .base import Engine
from .pocketsphinx import PocketsphinxEngine
from .whisper import WhisperEngine, WhisperOptions

# The module that each engine cannot work without; its extra has the engine's name.
_NEEDS = {"whisper": "faster_whisper", "pocketsphinx": "pocketsphinx", "openai": "av"}


def create_engine(settings: Settings) -> Engine:
    """The engine; raises `ConfigurationError` where it is set up wrong or not installed.

    Without a choice: whisper where it is installed, else pocketsphinx.
    """
    name = settings.engine or _installed_engine()
    if not _is_installed(name):
        raise MissingExtraError(
            f"TRANSCRIPTION_ENGINE={name} is not installed: {_install_line(name)}"
        )
    if name == "whisper":
        fallback = PocketsphinxEngine() if _is_installed("pocketsphinx") else None
        return WhisperEngine(
            WhisperOptions(
                models_folder=settings.data_dir / "models",
                model=settings.whisper_model,
                offline=settings.whisper_offline,
            ),
            fallback,
        )
    if name == "pocketsphinx":
        return PocketsphinxEngine()
    return _openai(settings)


def _openai(settings: Settings) -> Engine:
    # Only here: it loads FFmpeg's libraries, which no other engine needs in this process.
    from .openai import OpenAIEngine, OpenAIOptions

    return OpenAIEngine(
        OpenAIOptions(
            base_url=settings.openai_base_url,
            api_key=settings.openai_key,
            model=settings.openai_model,
            max_upload_bytes=settings.openai_max_upload_bytes,
            piece_seconds=settings.openai_piece_seconds,
            timeout=settings.openai_timeout,
            outage_seconds=settings.engine_outage_seconds,
        )
    )


def _installed_engine() -> str:
    for name in ("whisper", "pocketsphinx"):
        if _is_installed(name):
            return name
    raise MissingExtraError(
        f"No speech engine is installed: {_install_line('whisper')} (a hundred languages), or"
        f" {_install_line('pocketsphinx')} (English, small); or set TRANSCRIPTION_ENGINE=openai."
    )


def _is_installed(name: str) -> bool:
    return importlib.util.find_spec(_NEEDS[name]) is not None


def _install_line(name: str) -> str:
    return f"pip install 'transcription-worker[{name}]'"
