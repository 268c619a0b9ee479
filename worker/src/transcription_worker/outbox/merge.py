"""What a newer update takes over from an older one of the same attempt that still waits.

Delivering the merged update leaves the job as delivering both would have. Bodies are JSON values
as the endpoint takes them; segments are not in them (see `store`), and only ever added to.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ..models import Status
from ..wire_time import parse_time

Body = dict[str, Any]


def may_merge(older: Mapping[str, Any], newer: Mapping[str, Any]) -> bool:
    """Whether one update can stand for both.

    Not where they name two users, one of them wrong, and not where the older one's `startedAt`
    would move the end: the endpoint raises `completedAt` to the `startedAt` of the same update.
    """
    users = {body["userId"] for body in (older, newer) if "userId" in body}
    return len(users) < 2 and not _moves_the_end(older, newer)


def _moves_the_end(older: Mapping[str, Any], newer: Mapping[str, Any]) -> bool:
    times = newer.get("timestamps", {})
    started = older.get("timestamps", {}).get("startedAt")
    if started is None or not Status(newer["status"]).is_terminal:
        return False
    own = [parse_time(times["startedAt"])] if "startedAt" in times else []
    merged = min([parse_time(started), *own])
    if own == [merged]:
        return False
    if "completedAt" not in times:
        return True  # the server's time stands for it, which is not known here
    completed = parse_time(times["completedAt"])
    return max([completed, *own]) != max(completed, merged)


def merge(older: Mapping[str, Any], newer: Mapping[str, Any]) -> Body:
    """The newer update with what the endpoint keeps of the older one.

    Progress is the maximum, `startedAt` the earliest, `audioInfo` the greater key by key. Stage,
    message and remaining time are the newer one's alone: what it lacks is cleared.
    """
    merged = dict(newer)
    for key, combine in _COMBINED.items():
        if key in older:
            merged[key] = combine(older[key], newer[key]) if key in newer else older[key]
    return merged


def _merge_timestamps(older: Mapping[str, str], newer: Mapping[str, str]) -> dict[str, str]:
    merged = {**older, **newer}
    for key in ("createdAt", "startedAt"):
        if key in older and key in newer:
            merged[key] = min(older[key], newer[key], key=parse_time)
    return merged


def _merge_audio_info(older: Mapping[str, Any], newer: Mapping[str, Any]) -> dict[str, Any]:
    shared = {key: _greatest(older[key], newer[key]) for key in older.keys() & newer.keys()}
    return {**older, **newer, **shared}


def _greatest(older: Any, newer: Any) -> Any:
    return _max_utf16(older, newer) if isinstance(older, str) else max(older, newer)


def _max_utf16(one: str, other: str) -> str:
    """JavaScript compares strings by UTF-16 code units, Python by code points."""
    return max(one, other, key=lambda text: text.encode("utf-16-be"))


_COMBINED: dict[str, Callable[[Any, Any], Any]] = {
    "userId": lambda older, _: older,  # they are the same, see `may_merge`
    "progress": max,
    "timestamps": _merge_timestamps,
    "audioInfo": _merge_audio_info,
}
