"""The right to use this service for one job, as Convex's `create` and `ticket` give it out.

A ticket is `<expiry, epoch seconds>.<base64url>`: HMAC-SHA256, without padding, over
`ticket.v1\\n<jobId>\\n<expiry>` with one of the keys of `CONVEX_API_KEY`.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence

_TICKET = re.compile(r"(?P<expiry>[0-9]{1,12})\.(?P<signature>[A-Za-z0-9_-]{43})", re.ASCII)


def sign_ticket(key: str, job_id: str, expiry: int) -> str:
    """The ticket for `job_id` that is valid until `expiry` (epoch seconds)."""
    return f"{expiry}.{_signature(key, job_id, str(expiry))}"


def is_valid_ticket(ticket: str, job_id: str, keys: Sequence[str], now: float) -> bool:
    """Whether one of `keys` signed this ticket for this job, and it has not expired.

    Takes the same time whichever key signed it, and however much of a signature is right. `now` is
    in epoch seconds.
    """
    parts = _TICKET.fullmatch(ticket)
    if parts is None:
        return False
    expiry, signature = parts["expiry"], parts["signature"]
    signed = False
    for key in keys:
        signed |= hmac.compare_digest(_signature(key, job_id, expiry), signature)
    return signed and now < int(expiry)


def bearer_token(header: str | None) -> str | None:
    """The token of an `Authorization: Bearer …` header, `None` where there is none."""
    scheme, _, token = (header or "").strip().partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _signature(key: str, job_id: str, expiry: str) -> str:
    message = f"ticket.v1\n{job_id}\n{expiry}"
    # A surrogate that a header or path may carry signs as "?", which no job id holds.
    digest = hmac.digest(key.encode(), message.encode(errors="replace"), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
