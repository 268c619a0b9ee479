"""Python values as JSON values: what speech libraries hand out is often neither dict nor float."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import PurePath
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from ..text import is_storable, to_storable

# Deeper than any update, less than Python's own limit for recursion.
_MAX_DEPTH = 32


@dataclasses.dataclass(frozen=True, slots=True)
class Repair:
    """One value that was put right: where, and what was wrong with it."""

    path: str
    kind: str


class PoisonError(Exception):
    """A value whose meaning is not plain. The message names its place and type, not the value."""


def to_plain(value: object, path: str, repairs: list[Repair], depth: int = 0) -> Any:
    """The value as dicts, lists, strings, numbers and datetimes; `repairs` gets what was changed.

    Raises `PoisonError`.
    """
    if depth > _MAX_DEPTH:
        raise PoisonError(f"{path}: is nested too deeply")
    match value:
        case None | bool() | datetime():
            return value
        case Enum():
            return to_plain(value.value, path, repairs, depth + 1)
        case str():
            return _text(value, path, repairs)
        case int():
            return int(value)
        case float():
            return float(value)  # not a subclass of it, such as numpy's
        case Mapping():
            return {
                _text(key, path, repairs): to_plain(item, _join(path, key), repairs, depth + 1)
                for key, item in value.items()
            }
        case BaseModel():
            return to_plain(value.model_dump(by_alias=True), path, repairs, depth + 1)
        case bytes() | bytearray() | memoryview():
            repairs.append(Repair(path, "bytes"))
            return _text(_decode(bytes(value), path), path, repairs)
    return _foreign(value, path, repairs, depth)


def _foreign(value: object, path: str, repairs: list[Repair], depth: int) -> Any:
    as_dict = getattr(value, "_asdict", None)  # a named tuple
    to_list = getattr(value, "tolist", None)  # numpy's and torch's arrays and scalars
    plain: object
    if callable(as_dict):
        plain = as_dict()
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        plain = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    elif isinstance(value, Sequence):
        return [to_plain(item, _join(path, n), repairs, depth + 1) for n, item in enumerate(value)]
    elif callable(to_list):
        repairs.append(Repair(path, "array"))
        plain = to_list()
    elif isinstance(value, Decimal | Fraction):
        repairs.append(Repair(path, "number"))
        plain = float(value) if not isinstance(value, Decimal) or not value.is_snan() else math.nan
    elif isinstance(value, timedelta):
        repairs.append(Repair(path, "duration"))
        plain = value.total_seconds()
    elif isinstance(value, UUID | PurePath):
        plain = str(value)
    elif isinstance(value, BaseException):
        repairs.append(Repair(path, "exception"))
        plain = f"{type(value).__name__}: {value}".removesuffix(": ")
    else:
        raise PoisonError(f"{path}: a value of type {type(value).__name__} cannot be sent")
    return to_plain(plain, path, repairs, depth + 1)


def _text(value: object, path: str, repairs: list[Repair]) -> str:
    if not isinstance(value, str):
        raise PoisonError(f"{path}: a key of type {type(value).__name__} cannot be sent")
    text = str(value)
    if is_storable(text):
        return text
    repairs.append(Repair(path, "text"))
    return to_storable(text)


def _decode(value: bytes, path: str) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise PoisonError(f"{path}: holds bytes that are not UTF-8") from None


def _join(path: str, key: object) -> str:
    # A key may be as long as the sender likes; a path is for reading.
    return f"{path}.{str(key)[:64]}".lstrip(".")
