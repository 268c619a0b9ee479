"""Every contract vector: through the models, and through the client to the real endpoint."""

import json
import re
import time
from collections.abc import AsyncIterator
from itertools import count
from typing import Any

import httpx
import pytest
import pytest_asyncio
from pydantic_core import PydanticCustomError

from support.embedded_backend import API_KEY, EmbeddedBackend
from support.vectors import (
    Scope,
    Vector,
    body_of,
    expand,
    headers_of,
    load_expansions,
    load_vectors,
)
from transcription_worker import (
    AudioInfo,
    ConvexClient,
    ConvexError,
    JobUpdate,
    SegmentGapError,
    Timestamps,
)
from transcription_worker.answers import read_outcome
from transcription_worker.errors import ValidationError
from transcription_worker.wire_time import parse_time

VECTORS = load_vectors()
_numbers = count()

# Python's spelling of fields, which the models take and write as the endpoint wants it.
PYTHONS_NAMES = {
    name
    for model in (JobUpdate, AudioInfo, Timestamps)
    for name in model.model_fields
    if "_" in name
}


def scope_of(user_id: str = "somebody") -> Scope:
    return Scope(
        job_id=f"vector-{next(_numbers)}",
        user_id=user_id,
        key=API_KEY,
        now=time.time_ns() // 1_000_000,
    )


def update_of(vector: Vector, scope: Scope) -> Any:
    """The request's body as Python values, where a Python caller could have sent it at all."""
    request = vector.request
    if request.keys() & {"headers", "method", "path", "padTo"}:
        return None  # not about the update
    body = body_of(request, scope)
    try:
        return json.loads((body or b"").decode("utf-8-sig"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None


def names_pythons_spelling(expect: dict[str, Any]) -> bool:
    return any(issue.get("message") in PYTHONS_NAMES for issue in expect.get("issues", []))


def is_about_form(vector: Vector) -> bool:
    """Whether the vector says something about updates as Python values, not about requests."""
    request, expect = vector.request, vector.expect
    return (
        request.keys() == {"json"}
        and expect.get("code") not in ("invalid_json", "payload_too_large")
        and not names_pythons_spelling(expect)
        and "$nest" not in json.dumps(request)
    )


def is_refused_by_the_servers_clock(value: Any, scope: Scope) -> bool:
    tomorrow = scope.now + 24 * 60 * 60 * 1000
    try:
        times = [parse_time(time) for time in value["timestamps"].values() if time is not None]
    except (PydanticCustomError, KeyError, TypeError, AttributeError):
        return False
    return any(time.timestamp() * 1000 > tomorrow for time in times)


def _no_constant(name: str) -> None:
    raise ValueError(name)


@pytest.mark.parametrize("example", load_expansions(), ids=lambda one: str(one.get("name", "")))
def test_this_reader_expands_as_the_format_says(example: dict[str, Any]) -> None:
    names = example["scope"]
    scope = Scope(names["jobId"], names["userId"], names["key"], names["now"])
    assert expand(example["value"], scope) == example["expanded"]


def parameters(vectors: list[Vector]) -> list[Any]:
    """With their names; those of megabytes take seconds."""
    large = re.compile("MiB|9,000")
    return [
        pytest.param(one, id=one.name, marks=[pytest.mark.slow] if large.search(one.name) else [])
        for one in vectors
    ]


def test_there_are_vectors() -> None:
    assert len(VECTORS) > 300
    assert sum(is_about_form(vector) for vector in VECTORS) > 300


@pytest.mark.parametrize("vector", parameters([one for one in VECTORS if is_about_form(one)]))
def test_models_agree_with_the_endpoint(vector: Vector) -> None:
    scope = scope_of()
    value = update_of(vector, scope)
    expect = vector.expect
    is_valid = expect.get("code") != "invalid_payload"
    if is_valid or is_refused_by_the_servers_clock(value, scope):
        JobUpdate.parse(value)
        return
    with pytest.raises(ValidationError) as caught:
        JobUpdate.parse(value)
    found = {issue.path for issue in caught.value.issues}
    assert {issue["path"] for issue in expect["issues"]} & found
    assert not any(issue.message in ("", "Invalid input") for issue in caught.value.issues)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def endpoint(backend: EmbeddedBackend) -> AsyncIterator[ConvexClient]:
    async with ConvexClient(backend.site_url, API_KEY, timeout=30) as client:
        yield client


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("vector", parameters(VECTORS))
async def test_client_and_endpoint(
    vector: Vector, backend: EmbeddedBackend, endpoint: ConvexClient
) -> None:
    scope = scope_of("https://dev-issuer.localhost|alice")
    if vector.value.get("job") != "missing":
        backend.create(scope.job_id)
    for update in vector.value["given"]:
        await endpoint.update_job_status(expand(update, scope))
    if vector.value.get("cancelledByUser"):
        backend.cancel(scope.job_id)
    expect = vector.expect
    value = update_of(vector, scope)
    if names_pythons_spelling(expect) or expect.get("code") == "payload_too_large":
        value = None  # as the client writes it, it is right
    try:
        update = JobUpdate.parse(value) if value is not None else None
    except ValidationError:
        update = None
    if update is None:
        _send_raw(vector, scope, backend)
        return
    # What the models take is sent as the client writes it, which must mean the same.
    if expect["status"] == 200:
        outcome = await endpoint.update_job_status(update)
        answer = json.loads(outcome.model_dump_json())
        for name in ("outcome", "progress", "attempt", "sequence"):
            assert answer[name] == expect.get(name, answer[name])
        assert answer["status"] == expect.get("jobStatus", answer["status"])
        _check_row(vector, scope, backend)
        return
    with pytest.raises(ConvexError) as caught:
        await endpoint.update_job_status(update)
    assert (caught.value.status, caught.value.code) == (expect["status"], expect["code"])
    if isinstance(caught.value, SegmentGapError):
        assert caught.value.expected == expect["expected"]


def _send_raw(vector: Vector, scope: Scope, backend: EmbeddedBackend) -> None:
    """What no client of ours sends; the client still has to understand the answer."""
    request, expect = vector.request, vector.expect
    response = backend.http.request(
        request.get("method", "POST"),
        backend.site_url + expand(request.get("path", "/updateTranscriptionJob"), scope),
        content=body_of(request, scope),
        headers={name: value.strip() for name, value in headers_of(request, scope).items()},
    )
    assert response.status_code == expect["status"]
    if "body" in expect:
        assert response.json() == expand(expect["body"], scope)
    elif "results" in expect:
        results = response.json()["results"]
        found = [one.get("outcome") or one["error"]["code"] for one in results]
        assert found == [one.get("outcome") or one["code"] for one in expect["results"]]
    elif expect["status"] == 200:
        assert _read(response).outcome == expect["outcome"]
    else:
        with pytest.raises(ConvexError) as caught:
            _read(response)
        assert (caught.value.status, caught.value.code) == (expect["status"], expect["code"])
        if isinstance(caught.value, ValidationError):
            paths = {issue.path for issue in caught.value.issues}
            assert {issue["path"] for issue in expect.get("issues", [])} <= paths


def _read(response: httpx.Response) -> Any:
    return read_outcome(response.status_code, response.headers, response.content)


def _check_row(vector: Vector, scope: Scope, backend: EmbeddedBackend) -> None:
    row = backend.row(scope.job_id)
    assert row is not None
    for field, expected in expand(vector.expect.get("row", {}), scope).items():
        if isinstance(expected, dict) and any(key.startswith("$") for key in expected):
            if "$absent" in expected:
                assert field not in row
            if "$has" in expected:
                assert row[field].items() >= expected["$has"].items()
        else:
            assert row[field] == expected, field
    if "transcript" in vector.expect:
        texts = [segment["text"] for segment in backend.segments(scope.job_id)]
        assert texts == expand(vector.expect["transcript"], scope)
    if "segments" in vector.expect:
        assert backend.segments(scope.job_id) == expand(vector.expect["segments"], scope)
