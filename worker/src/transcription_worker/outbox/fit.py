"""Making an update fit into one request: a result that is too large goes as live segments first."""

import json
import sqlite3
from typing import Any

from . import dead_letter
from .prepare import to_json
from .segments import insert_segments, read_segments


def fit_result(
    connection: sqlite3.Connection,
    job: tuple[str, int],
    body: dict[str, Any],
    segments_end: int,
    request_bytes: int,
) -> tuple[dict[str, Any], int]:
    """The body without what of its result is too large, and the place after the last segment.

    The result's segments become live ones. Its text goes: Convex has it in the segments. A text
    without any segments goes to the dead-letter, for a person to read.
    """
    result = body.get("result")
    if result is None or len(to_json(body).encode()) <= request_bytes:
        return body, segments_end
    live = [text for _, text in read_segments(connection, job, 0, segments_end)]
    if result.get("segments"):
        more = segments_to_append(live, result["segments"])
        insert_segments(connection, job, len(live), more)
        segments_end = len(live) + len(more)
    elif not live:
        reason = "the text alone is too large for one request; it was completed without it"
        dead_letter.add_text(connection, job, to_json(result), "payload_too_large", reason)
    rest = {key: value for key, value in result.items() if key not in ("segments", "text")}
    return {**body, "result": rest}, segments_end


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
