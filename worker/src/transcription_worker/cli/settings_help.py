"""The settings as `--help` shows them, made from their fields."""

import textwrap
from typing import Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from ..settings import Settings

_WIDTH = 96


def settings_help() -> str:
    """Every setting of the service: the environment variable, its meaning and its default."""
    lines = ["settings, from the environment or from .env in the working directory:"]
    for field in Settings.model_fields.values():
        lines.append(f"  {field.validation_alias}")
        lines += textwrap.wrap(
            _meaning(field), _WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6
        )
    return "\n".join(lines)


def _meaning(field: FieldInfo) -> str:
    text = field.description or ""
    if get_origin(field.annotation) is Literal:
        text += f" One of: {', '.join(map(str, get_args(field.annotation)))}."
    return f"{text} Default: {'none' if field.default in (None, '') else field.default}."
