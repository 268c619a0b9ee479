"""What the API answers when it refuses: `{ "ok": false, "error": { "code", "message" } }`."""

from collections.abc import Mapping

from fastapi import Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from ..audio import AudioError
from ..engines import UnsupportedOptionError

_AUDIO_STATUS = {"unsupported_audio": 415, "broken_audio": 422, "audio_too_long": 413}
_HTTP_CODES = {404: "not_found", 405: "method_not_allowed"}


class ApiError(Exception):
    """A refusal: the HTTP status, a code for programs, a message for people."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


def unauthorized() -> ApiError:
    """The same for every reason: it tells nothing about jobs or keys."""
    return ApiError(
        401,
        "unauthorized",
        "Send the job's ticket, which has not expired: Authorization: Bearer <ticket>.",
        {"WWW-Authenticate": "Bearer"},
    )


def from_audio(error: AudioError) -> ApiError:
    """What is wrong with a file."""
    return ApiError(_AUDIO_STATUS[error.code], error.code, error.message)


def from_option(error: UnsupportedOptionError) -> ApiError:
    """What the engine cannot do."""
    return ApiError(422, "unsupported_option", f"{error.option}: {error}")


async def answer_error(_request: Request, error: Exception) -> JSONResponse:
    """The exception handler for `ApiError` and for unknown paths and methods."""
    if isinstance(error, ApiError):
        return error_response(error)
    if isinstance(error, HTTPException):
        code = _HTTP_CODES.get(error.status_code, "invalid_request")
        return error_response(ApiError(error.status_code, code, error.detail, error.headers))
    # A mistake of ours; the server logs it.
    return error_response(ApiError(500, "internal_error", "The worker made a mistake."))


def error_response(error: ApiError) -> JSONResponse:
    """The refusal as an answer."""
    body = {"ok": False, "error": {"code": error.code, "message": error.message}}
    return JSONResponse(body, status_code=error.status, headers=error.headers)
