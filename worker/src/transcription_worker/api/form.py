"""The fields of an upload, beside the file and the job's id."""

from collections.abc import Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated

import pydantic
from pydantic import BaseModel, ConfigDict, Field

from ..engines import TranscriptionOptions
from ..limits import MAX_LANGUAGE_LENGTH, MAX_MODEL_LENGTH
from ..text import cut_utf16, to_storable
from .errors import ApiError

# Characters of a prompt or of hotwords; Whisper reads about the last 900.
_MAX_PROMPT_LENGTH = 4_000
# UTF-16 code units, as Convex limits `fileName`.
_MAX_FILE_NAME_LENGTH = 255


class _Fields(BaseModel):
    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    language: Annotated[str, Field(max_length=MAX_LANGUAGE_LENGTH)] | None = None
    model: Annotated[str, Field(max_length=MAX_MODEL_LENGTH)] | None = None
    return_timestamps: bool = True
    temperature: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None
    initial_prompt: Annotated[str, Field(max_length=_MAX_PROMPT_LENGTH)] | None = None
    hotwords: Annotated[str, Field(max_length=_MAX_PROMPT_LENGTH)] | None = None


def parse_options(fields: Mapping[str, str]) -> TranscriptionOptions:
    """What the sender wishes; an empty field is as good as none. Raises `ApiError` 422."""
    given = {name: value for name, value in fields.items() if value.strip()}
    try:
        parsed = _Fields.model_validate(given)
    except pydantic.ValidationError as error:
        detail = error.errors(include_url=False, include_input=False)[0]
        raise ApiError(422, "invalid_form", f"{detail['loc'][0]}: {detail['msg']}") from None
    return TranscriptionOptions(
        language=parsed.language,
        model=parsed.model,
        word_times=parsed.return_timestamps,
        temperature=parsed.temperature,
        initial_prompt=parsed.initial_prompt,
        hotwords=parsed.hotwords,
    )


def base_name(file_name: str | None) -> str | None:
    """A file's name without the folders that some senders put before it."""
    name = PurePosixPath(PureWindowsPath(file_name or "").name).name
    return cut_utf16(to_storable(name), _MAX_FILE_NAME_LENGTH) or None
