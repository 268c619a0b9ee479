"""Who may use a job: whoever has its ticket."""

import time
from collections.abc import Sequence

from ..tickets import bearer_token, is_valid_ticket
from .errors import unauthorized


def require_ticket(authorization: str | None, job_id: str, keys: Sequence[str]) -> None:
    """Checks an `Authorization` header. Raises `ApiError` 401."""
    ticket = bearer_token(authorization)
    if ticket is None or not is_valid_ticket(ticket, job_id, keys, time.time()):
        raise unauthorized()
