"""Many updates in one request, and what their answer says of each."""

from ..answers import read_batch
from ..client import ConvexClient
from ..errors import ConvexError
from ..models import UpdateOutcome
from ..protocol import BATCH_PATH
from .requests import Request

_ENVELOPE = b'{"updates":[]}'


def fitting(requests: list[Request], max_bytes: int) -> int:
    """How many of the requests fit into a batch of `max_bytes`, at least one."""
    size = len(_ENVELOPE)
    for count, request in enumerate(requests):
        size += len(request.content) + 1
        if count and size > max_bytes:
            return count
    return len(requests)


async def send(client: ConvexClient, requests: list[Request]) -> list[UpdateOutcome | ConvexError]:
    """Sends a batch, once; the result of each update.

    Raises the `ConvexError` of a request that failed as a whole: it says nothing of any update.
    """
    content = b'{"updates":[' + b",".join(request.content for request in requests) + b"]}"
    status, headers, body = await client.exchange("POST", BATCH_PATH, content)
    return read_batch(status, headers, body, [request.job_id for request in requests])
