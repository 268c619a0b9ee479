"""What JavaScript makes of a Python string."""

import re

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def utf16_length(text: str) -> int:
    """The string's length in UTF-16 code units, which is what the endpoint's limits count."""
    if text.isascii():
        return len(text)
    return len(text) + sum(character > "\uffff" for character in text)


def cut_utf16(text: str, limit: int) -> str:
    """The string's beginning of at most `limit` code units, never half a character."""
    if utf16_length(text) <= limit:
        return text
    units = 0
    for index, character in enumerate(text):
        units += 2 if character > "\uffff" else 1
        if units > limit:
            return text[:index]
    return text


def is_storable(text: str) -> bool:
    """Whether Convex can store the string and another language can read it."""
    return "\0" not in text and (text.isascii() or _LONE_SURROGATE.search(text) is None)


def to_storable(text: str) -> str:
    """The string with surrogate pairs joined, lone surrogates as U+FFFD and without NUL."""
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return joined.replace("\0", "")
