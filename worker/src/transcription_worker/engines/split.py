"""Splitting a segment that is larger than the wire takes."""

import json
from typing import Any

from ..limits import MAX_SEGMENT_BYTES, MAX_WORDS_PER_SEGMENT


def split_segment(segment: dict[str, Any]) -> list[dict[str, Any]]:
    """The segment, as JSON, in parts that have at most 2,000 words and 64 KiB each.

    No text is lost: together, the parts' texts and words are those of the segment. Words alone are
    dropped where one of them is too large by itself.
    """
    if _fits(segment):
        return [segment]
    text, words = segment["text"], segment.get("words") or []
    middle = _cut(text)
    if len(words) == 1 or middle == 0:
        return split_segment({key: value for key, value in segment.items() if key != "words"})
    count = _words_before(text, middle, len(words))
    start, end = segment["start"], segment["end"]
    at = words[count]["start"] if words else start + (end - start) * middle / len(text)
    at = round(min(max(at, start), end), 3)
    halves = [
        segment | {"end": at, "text": text[:middle].rstrip(), "words": words[:count]},
        segment | {"start": at, "text": text[middle:].lstrip(), "words": words[count:]},
    ]
    if not words:
        for half in halves:
            del half["words"]
    return [part for half in halves if half["text"] for part in split_segment(half)]


def _fits(segment: dict[str, Any]) -> bool:
    if len(segment.get("words") or ()) > MAX_WORDS_PER_SEGMENT:
        return False
    # Without the space after each comma and colon that the default has.
    text = json.dumps(segment, ensure_ascii=False, separators=(",", ":"))
    return len(text.encode("utf-8", "surrogatepass")) <= MAX_SEGMENT_BYTES


def _cut(text: str) -> int:
    """Where to halve a text: the space next to its middle, else the middle; 0 for one character."""
    middle = len(text) // 2
    before, after = text.rfind(" ", 1, middle + 1), text.find(" ", middle, len(text) - 1)
    spaces = [index for index in (before, after) if index > 0]
    return min(spaces, key=lambda index: abs(index - middle), default=middle)


def _words_before(text: str, middle: int, words: int) -> int:
    """How many of the words belong to the text before `middle`; at least 1 on either side."""
    if words == 0:
        return 0
    count = len(text[:middle].split())
    if len(text.split()) != words:
        count = round(words * middle / len(text))
    return min(max(count, 1), words - 1)
