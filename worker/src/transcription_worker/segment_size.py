"""How large a segment is on the wire."""

import json
from typing import TYPE_CHECKING

from .limits import MAX_SEGMENT_BYTES

if TYPE_CHECKING:
    from .models import Segment

# A word's JSON without the word: keys, punctuation, three numbers of up to 24 characters.
_WORD_OVERHEAD = 120


def exceeds_segment_limit(segment: "Segment") -> bool:
    """Whether the segment's JSON in UTF-8 takes more than 64 KiB, as JavaScript would write it."""
    words = segment.words or []
    characters = len(segment.text) + len(segment.speaker or "") + sum(len(w.word) for w in words)
    # One character takes six bytes at most (\u001f); most segments need no closer look.
    if characters * 6 + (len(words) + 1) * _WORD_OVERHEAD <= MAX_SEGMENT_BYTES:
        return False
    wire = segment.model_dump(mode="json", by_alias=True, exclude_none=True)
    text = json.dumps(wire, ensure_ascii=False, separators=(",", ":"))
    return len(text.encode("utf-8", "replace")) > MAX_SEGMENT_BYTES
