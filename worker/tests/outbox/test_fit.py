"""What of a result that is too large follows the live segments that were sent."""

import json
from typing import Any

import pytest

from transcription_worker.outbox.fit import segments_to_append


def span(start: float, end: float, text: str = "t") -> dict[str, Any]:
    return {"start": start, "end": end, "text": text}


RESULT = [span(0, 1, "a"), span(1, 2, "b"), span(2, 3, "c")]


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        ([], RESULT),
        (RESULT[:2], RESULT[2:]),
        (RESULT, []),
        # Cut otherwise: what begins after the last live one ends.
        ([span(0, 2, "a b")], RESULT[2:]),
        ([span(0, 1.5, "a b")], RESULT[2:]),
        ([span(0, 9, "a b c")], []),
        ([*RESULT, span(3, 4)], []),
    ],
)
def test_no_text_is_doubled(live: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    assert segments_to_append([json.dumps(one) for one in live], RESULT) == expected
