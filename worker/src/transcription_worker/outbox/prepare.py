"""An update on its way into the outbox: checked, and taken apart as the tables hold it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import ValidationError
from ..models import JobUpdate, Status
from .plain import PoisonError, Repair
from .repair import repair


@dataclass(frozen=True, slots=True)
class Prepared:
    """A valid update. `body` is the endpoint's JSON without `sequence` and `segments`."""

    job_id: str
    attempt: int
    status: Status
    body: dict[str, Any]
    offset: int = 0
    segments: list[dict[str, Any]] = field(default_factory=list)
    repairs: tuple[Repair, ...] = ()


@dataclass(frozen=True, slots=True)
class Poison:
    """An update that cannot be sent. `text` is all of it for a person to read."""

    job_id: str
    attempt: int
    status: str | None
    reason: str
    text: str


def prepare(update: JobUpdate | Mapping[str, object]) -> Prepared | Poison:
    """Checks an update, and repairs it where it is not valid as it is."""
    try:
        valid, repairs = _check(update)
    except (PoisonError, ValidationError) as error:
        return _poison(update, str(error))
    except Exception as error:  # noqa: BLE001 - whatever a foreign object does when it is read
        return _poison(update, f"{type(error).__name__} while the update was read")
    body = valid.to_wire()
    body.pop("sequence", None)
    live = body.pop("segments", {"offset": 0, "items": []})
    return Prepared(
        valid.job_id,
        valid.attempt,
        valid.status,
        body,
        live["offset"],
        live["items"],
        tuple(repairs),
    )


def _check(update: JobUpdate | Mapping[str, object]) -> tuple[JobUpdate, list[Repair]]:
    if isinstance(update, JobUpdate):
        return update, []
    try:
        return JobUpdate.parse(update), []
    except Exception:  # noqa: BLE001 - most are valid; repairing tells what is wrong with the others
        fields, repairs = repair(update)
        return JobUpdate.parse(fields), repairs


def to_json(value: object) -> str:
    """The value's JSON as it goes over the wire."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _poison(update: object, reason: str) -> Poison:
    fields = update if isinstance(update, Mapping) else {}
    attempt = fields.get("attempt")
    status = fields.get("status")
    return Poison(
        job_id=_readable(fields.get("jobId", fields.get("job_id")))[:128],
        attempt=attempt if type(attempt) is int and 0 < attempt < 2**53 else 1,
        status=_readable(status)[:32] if isinstance(status, str) else None,
        reason=reason,
        text=_readable(update),
    )


def _readable(value: object) -> str:
    """The value as text that SQLite takes: JSON in ASCII as far as it goes."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    try:
        return json.dumps(value, default=repr)
    except Exception:  # noqa: BLE001 - circular, too deep, keys of any type, a repr that fails
        return f"a value of type {type(value).__name__} that cannot be written down"
