"""Reads the contract vectors of `tests/vectors`, whose README describes the format."""

import base64
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[3] / "tests" / "vectors"


@dataclass(frozen=True)
class Scope:
    """What the placeholders of one run of a vector stand for; `now` in epoch milliseconds."""

    job_id: str
    user_id: str
    key: str
    now: int


@dataclass(frozen=True)
class Vector:
    file: str
    value: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.file}: {self.value['name']}"

    @property
    def request(self) -> dict[str, Any]:
        request: dict[str, Any] = self.value["request"]
        return request

    @property
    def expect(self) -> dict[str, Any]:
        expect: dict[str, Any] = self.value["expect"]
        return expect


def load_vectors() -> list[Vector]:
    """All vectors."""
    files = sorted(path for path in FOLDER.glob("*.json") if not path.name.startswith("_"))
    return [Vector(path.stem, value) for path in files for value in json.loads(path.read_text())]


def load_expansions() -> list[dict[str, Any]]:
    """The tests of a reader of the format."""
    examples: list[dict[str, Any]] = json.loads((FOLDER / "_expansion.json").read_text())
    return examples


def body_of(request: dict[str, Any], scope: Scope) -> bytes | None:
    """The request's body, `None` for a request without one."""
    if "json" in request:
        body = expand_to_text(request["json"], scope).encode("utf-8", "surrogatepass")
    elif "text" in request:
        body = _substitute(request["text"], scope).encode()
    elif "base64" in request:
        # Placeholders work on bytes that need not be UTF-8: a character stands for each byte.
        text = base64.b64decode(request["base64"]).decode("latin-1")
        body = _substitute(text, scope).encode("latin-1")
    else:
        return None
    return body.ljust(request.get("padTo", 0))


def headers_of(request: dict[str, Any], scope: Scope) -> dict[str, str]:
    """The defaults, overridden by the vector's."""
    headers = {"Content-Type": "application/json", "Authorization": "Bearer {key}"}
    headers |= request.get("headers", {})
    return {name: expand(value, scope) for name, value in headers.items() if value is not None}


def expand(value: Any, scope: Scope) -> Any:
    """The value with its placeholders and directives expanded."""
    return json.loads(expand_to_text(value, scope))


def expand_to_text(value: Any, scope: Scope, index: int | None = None) -> str:
    """The value expanded, as compact JSON; lists nested 10,000 deep survive as text only."""
    if isinstance(value, str):
        return _dump(_substitute(value, scope, index))
    if isinstance(value, list):
        return f"[{','.join(expand_to_text(item, scope, index) for item in value)}]"
    if not isinstance(value, dict):
        return _dump(value)
    if len(value) == 1:
        [(name, argument)] = value.items()
        directive = _directive(name, argument, scope, index)
        if directive is not None:
            return directive
    items = (f"{_dump(key)}:{expand_to_text(item, scope, index)}" for key, item in value.items())
    return f"{{{','.join(items)}}}"


def _directive(name: str, argument: Any, scope: Scope, index: int | None) -> str | None:
    match name:
        case "$repeat":
            return _dump(_substitute(argument[0], scope, index) * argument[1])
        case "$items":
            items = (expand_to_text(argument[0], scope, number) for number in range(argument[1]))
            return f"[{','.join(items)}]"
        case "$index":
            assert index is not None
            return _dump(index * argument[0] + argument[1])
        case "$join":
            lists = [expand_to_text(one, scope, index)[1:-1] for one in argument]
            return f"[{','.join(one for one in lists if one)}]"
        case "$now":
            return _dump(scope.now + argument)
        case "$isoNow":
            time = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=scope.now + argument)
            return _dump(time.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
        case "$nest":
            return "[" * int(argument) + "]" * int(argument)
    return None


def _substitute(text: str, scope: Scope, index: int | None = None) -> str:
    values: dict[str, str] = {
        "jobId": scope.job_id,
        "userId": scope.user_id,
        "key": scope.key,
        "keyPrefix": scope.key[:-1],
    }
    named = re.sub(r"\{(jobId|userId|key|keyPrefix)\}", lambda match: values[match[1]], text)
    return named if index is None else named.replace("{i}", str(index))


def _dump(value: Any) -> str:
    """As JavaScript writes it: lone surrogates escaped, everything else as it is."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return re.sub("[\ud800-\udfff]", lambda match: f"\\u{ord(match[0]):04x}", text)
