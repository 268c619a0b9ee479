"""The package's extras, as its own metadata lists them."""

import importlib.metadata
import re

from .errors import MissingExtraError

_PACKAGE = "transcription-worker"


def require_extra(extra: str) -> None:
    """Raises `MissingExtraError`, with the line that installs it, where the extra is incomplete."""
    missing = [name for name in _packages(extra) if not _is_installed(name)]
    if missing:
        raise MissingExtraError(
            f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed: "
            f"pip install '{_PACKAGE}[{extra}]'"
        )


def _packages(extra: str) -> list[str]:
    """The names of what the extra adds, such as `uvicorn`."""
    return [
        match[1]
        for requirement in importlib.metadata.requires(_PACKAGE) or []
        if (
            match := re.match(
                rf"([\w.-]+).*;.*\bextra == ['\"]{re.escape(extra)}['\"]", requirement
            )
        )
    ]


def _is_installed(package: str) -> bool:
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
