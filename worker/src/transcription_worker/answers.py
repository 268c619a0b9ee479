"""The endpoint's answers as outcomes and exceptions."""

import json
from collections.abc import Mapping
from typing import Any

import pydantic

from .errors import (
    AuthenticationError,
    ConvexError,
    Issue,
    JobNotFoundError,
    SegmentGapError,
    UnavailableError,
    UnexpectedAnswerError,
    UserMismatchError,
    ValidationError,
)
from .models import UpdateOutcome
from .retry import is_retried, parse_retry_after

# Characters of a server's message that a log record takes.
_MESSAGE_LENGTH = 500


def read_outcome(status: int, headers: Mapping[str, str], body: bytes) -> UpdateOutcome:
    """The outcome of an accepted update.

    Raises the `ConvexError` that the answer stands for. An answer that is not the endpoint's own
    JSON is never taken for an acceptance: a captive portal answers 200 to everything.
    """
    answer = _parse(body)
    if status != 200:
        raise _refusal(status, headers, answer)
    if answer.get("ok") is not True:
        raise _unexpected(status, headers)
    try:
        return UpdateOutcome.model_validate(answer)
    except pydantic.ValidationError:
        raise _unexpected(status, headers) from None


def check_health(status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Raises the `ConvexError` that an answer of `GET /health` stands for, if it is not "ok"."""
    answer = _parse(body)
    if status != 200:
        raise _refusal(status, headers, answer)
    if answer.get("ok") is not True:
        raise _unexpected(status, headers)


def _parse(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _refusal(status: int, headers: Mapping[str, str], answer: dict[str, Any]) -> ConvexError:
    error = answer.get("error")
    error = error if isinstance(error, dict) else {}
    code = error.get("code") if isinstance(error.get("code"), str) else None
    text = error.get("message")
    message = text[:_MESSAGE_LENGTH] if isinstance(text, str) else f"HTTP status {status}"
    retry_after = parse_retry_after(headers.get("retry-after"), date=headers.get("date"))
    expected = error.get("expected")

    if is_retried(status):
        return UnavailableError(message, status=status, code=code, retry_after=retry_after)
    if status == 401:
        return AuthenticationError(
            f"Convex does not know the key ({message}). CONVEX_API_KEY must be one of the keys "
            "that the deployment has: `npx convex env get CONVEX_API_KEY`.",
            status=status,
            code=code,
        )
    if status == 404 and code == "job_not_found":
        return JobNotFoundError(message, retry_after=retry_after)
    if status == 409 and type(expected) is int and expected >= 0:
        return SegmentGapError(message, expected=expected)
    if status == 403 and code == "user_mismatch":
        return UserMismatchError(message, status=status, code=code)
    if status in (400, 413) and code is not None:
        return ValidationError(message, issues=_issues(error), status=status, code=code)
    return _unexpected(status, headers, code)


def _issues(error: dict[str, Any]) -> list[Issue]:
    issues = error.get("issues")
    return [
        Issue(str(issue.get("path", "")), str(issue.get("message", ""))[:_MESSAGE_LENGTH])
        for issue in (issues if isinstance(issues, list) else [])
        if isinstance(issue, dict)
    ]


def _unexpected(
    status: int, headers: Mapping[str, str], code: str | None = None
) -> UnexpectedAnswerError:
    if 300 <= status < 400:
        where = headers.get("location", "nowhere")
        message = f"redirected to {where[:200]}, which is not followed: correct CONVEX_URL"
    else:
        message = (
            f"the answer (HTTP status {status}) is not the endpoint's: is CONVEX_URL right, and is "
            "the backend deployed there?"
        )
    return UnexpectedAnswerError(message, status=status, code=code)
