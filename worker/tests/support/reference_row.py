"""What an update does to a row, as design.md has it, in the fewest words: for comparisons."""

from typing import Any

from transcription_worker.wire_time import parse_time

_RANK = {"pending": 0, "processing": 1, "completed": 2, "failed": 2, "cancelled": 2}
_SPOKEN = ("stage", "message", "estimatedTimeRemaining", "sequence")
Row = dict[str, Any]


def new_row() -> Row:
    return {"status": "pending", "progress": 0, "sequence": -1, "audioInfo": {}, "segments": []}


def apply(row: Row, update: Row) -> Row:
    """The row after an update of the same attempt; its clock fields are left out."""
    ended = _RANK[row["status"]] == 2
    ends = not ended and _RANK[update["status"]] == 2
    after = dict(row)
    if _RANK[update["status"]] > _RANK[row["status"]]:
        after["status"] = update["status"]
    after["progress"] = max(row["progress"], update.get("progress", 0))
    if after["status"] == "completed":
        after["progress"] = 100
    if ends or (not ended and update["sequence"] > row["sequence"]):
        after |= {key: update.get(key) for key in _SPOKEN}
    started = [row.get("startedAt"), update.get("timestamps", {}).get("startedAt")]
    times = [parse_time(time) for time in started if time is not None]
    if times:
        after["startedAt"] = min(times)
    info = dict(row["audioInfo"])
    for key, value in update.get("audioInfo", {}).items():
        # JavaScript compares strings by UTF-16 code units.
        order = (lambda text: text.encode("utf-16-be")) if isinstance(value, str) else None
        info[key] = max(info[key], value, key=order) if key in info else value
    after["audioInfo"] = info
    if ends:
        after |= {key: update.get(key) for key in ("error", "result")}
    live = update.get("segments")
    if live is not None:
        known = len(row["segments"])
        assert live["offset"] <= known or not live["items"]
        after["segments"] = row["segments"] + live["items"][max(0, known - live["offset"]) :]
    return after
