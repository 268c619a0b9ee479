"""The endpoint's answers as outcomes and exceptions.

An answer is *ours* when it is JSON with `ok: true` and an `outcome` for the job that was sent, or
`ok: false` and one of our codes. Everything else is *foreign*: a proxy, a firewall, the platform, a
wrong address. A foreign answer says nothing about the update.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pydantic

from .errors import (
    AuthenticationError,
    ConvexError,
    Issue,
    JobNotFoundError,
    PayloadTooLargeError,
    SegmentGapError,
    UnavailableError,
    UnexpectedAnswerError,
    UserMismatchError,
    ValidationError,
)
from .models import UpdateOutcome
from .retry import is_retried, parse_retry_after

Headers = Mapping[str, str]

# Every code of the endpoint, with its status: entries of a batch carry none.
STATUS_OF_CODE = {
    "invalid_json": 400,
    "invalid_payload": 400,
    "unauthorized": 401,
    "user_mismatch": 403,
    "job_not_found": 404,
    "method_not_allowed": 405,
    "segment_gap": 409,
    "payload_too_large": 413,
    "unsupported_media_type": 415,
    "internal_error": 500,
    "not_configured": 503,
    "unavailable": 503,
}
# Characters of a server's message that a log record takes, and of a page that is not ours.
_MESSAGE_LENGTH = 500
_EXCERPT_LENGTH = 200


def read_outcome(
    status: int, headers: Headers, body: bytes, job_id: str | None = None
) -> UpdateOutcome:
    """The outcome of an accepted update of `job_id` (`None`: of any job).

    Raises the `ConvexError` that the answer stands for. A foreign answer is never taken for an
    acceptance: a captive portal answers 200 to everything.
    """
    answer = _parse(body)
    if status == 200 and (outcome := _outcome(answer, job_id)) is not None:
        return outcome
    raise _refusal(status, headers, body, answer)


def read_batch(
    status: int, headers: Headers, body: bytes, job_ids: Sequence[str]
) -> list[UpdateOutcome | ConvexError]:
    """What became of each update of a batch, in the order of `job_ids`.

    Raises the `ConvexError` of an answer that is about the request as a whole.
    """
    answer = _parse(body)
    results = answer.get("results")
    if (
        status != 200
        or answer.get("ok") is not True
        or not isinstance(results, list)
        or len(results) != len(job_ids)
    ):
        raise _refusal(status, headers, body, answer)
    return [
        _entry(result if isinstance(result, dict) else {}, job_id)
        for result, job_id in zip(results, job_ids, strict=True)
    ]


def check_health(status: int, headers: Headers, body: bytes) -> None:
    """Raises the `ConvexError` that an answer of `GET /health` stands for, if it is not "ok"."""
    answer = _parse(body)
    if status != 200 or answer.get("ok") is not True:
        raise _refusal(status, headers, body, answer)


def _parse(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _outcome(answer: dict[str, Any], job_id: str | None) -> UpdateOutcome | None:
    if answer.get("ok") is not True or (job_id is not None and answer.get("jobId") != job_id):
        return None
    try:
        return UpdateOutcome.model_validate(answer)
    except pydantic.ValidationError:
        return None


def _entry(result: dict[str, Any], job_id: str) -> UpdateOutcome | ConvexError:
    return _outcome(result, job_id) or _refusal(200, {}, json.dumps(result).encode(), result)


def _refusal(status: int, headers: Headers, body: bytes, answer: dict[str, Any]) -> ConvexError:
    error = answer.get("error")
    error = error if isinstance(error, dict) and answer.get("ok") is False else {}
    code = error.get("code")
    retry_after = parse_retry_after(headers.get("retry-after"), date=headers.get("date"))
    if isinstance(code, str) and code in STATUS_OF_CODE:
        ours = _ours(code, error, retry_after)
        if ours is not None and status in (200, ours.status):
            return ours
    if is_retried(status):
        # The platform's own errors have `code` and `message` at the top level.
        code, text = answer.get("code"), answer.get("message")
        message = text[:_MESSAGE_LENGTH] if isinstance(text, str) else _excerpt(body)
        return UnavailableError(
            f"HTTP status {status}: {message}".removesuffix(": "),
            status=status,
            code=code if isinstance(code, str) else None,
            retry_after=retry_after,
        )
    if status == 413:
        return PayloadTooLargeError("something before the endpoint takes no such large request")
    return _foreign(status, headers, body)


def _ours(code: str, error: dict[str, Any], retry_after: float | None) -> ConvexError | None:
    status, text, expected = STATUS_OF_CODE[code], error.get("message"), error.get("expected")
    message = text[:_MESSAGE_LENGTH] if isinstance(text, str) else code
    match code:
        case "unauthorized":
            return AuthenticationError(
                f"Convex does not know the key ({message}). CONVEX_API_KEY must be one of the keys "
                "that the deployment has: `npx convex env get CONVEX_API_KEY`.",
                status=status,
                code=code,
            )
        case "user_mismatch":
            return UserMismatchError(message, status=status, code=code)
        case "job_not_found":
            return JobNotFoundError(message, retry_after=retry_after)
        case "segment_gap":
            if not isinstance(expected, int) or expected < 0:
                return None
            return SegmentGapError(message, expected=expected)
        case "payload_too_large":
            return PayloadTooLargeError(message, code=code)
        case "invalid_json" | "invalid_payload":
            return ValidationError(message, issues=_issues(error), status=status, code=code)
        case "internal_error" | "not_configured" | "unavailable":
            return UnavailableError(message, status=status, code=code, retry_after=retry_after)
    # `method_not_allowed`, `unsupported_media_type`: something on the way has changed the request.
    return UnexpectedAnswerError(message, status=status, code=code)


def _issues(error: dict[str, Any]) -> list[Issue]:
    issues = error.get("issues")
    return [
        Issue(str(issue.get("path", "")), str(issue.get("message", ""))[:_MESSAGE_LENGTH])
        for issue in (issues if isinstance(issues, list) else [])
        if isinstance(issue, dict)
    ]


def _foreign(status: int, headers: Headers, body: bytes) -> UnexpectedAnswerError:
    if 300 <= status < 400:
        where = headers.get("location", "nowhere")[:_EXCERPT_LENGTH]
        message = f"redirected to {where}, which is not followed: correct CONVEX_SITE_URL"
    else:
        message = (
            f"the answer (HTTP status {status}) is not the endpoint's: is CONVEX_SITE_URL (or "
            "CONVEX_URL) right, and is the backend deployed there? It begins: "
            f"{_excerpt(body)!r}"
        )
    return UnexpectedAnswerError(message, status=status)


def _excerpt(body: bytes) -> str:
    """The beginning of a foreign page, on one line."""
    text = body[: 4 * _EXCERPT_LENGTH].decode("utf-8", "replace")
    return " ".join(text.split())[:_EXCERPT_LENGTH]
