"""A result that is too large for one request goes as live segments first."""

import json
from typing import Any


def segments_to_append(live: list[str], result: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of a result's segments that live segments do not hold already.

    Live segments that were sent cannot be taken back, so where the result begins as they do, the
    rest follows; where it was cut otherwise, what starts after the last live one follows, so that
    no text is doubled. `live` are the segments' JSON texts, `result` their values.
    """
    begins_alike = all(json.loads(one) == other for one, other in zip(live, result, strict=False))
    if begins_alike:
        return result[len(live) :]
    covered = json.loads(live[-1])["end"]
    return [segment for segment in result if segment["start"] >= covered]
