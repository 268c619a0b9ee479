"""The client of the endpoint for asyncio."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import httpx

from .answers import check_health, read_outcome
from .errors import ConvexError, UsageError
from .models import JobUpdate, UpdateOutcome
from .protocol import (
    HEALTH_PATH,
    KEEP_ALIVE,
    UPDATE_PATH,
    AnswerReader,
    ClientCore,
    Delivery,
    no_answer,
    not_sent,
    too_late,
)


class ConvexClient(ClientCore):
    """Reports the state of transcription jobs to a Convex deployment.

    One pool of connections for its lifetime and for one event loop: use it as a context manager or
    call `aclose`. `base_url` is where the deployment's HTTP actions are (`https://….convex.site`),
    `timeout` the seconds that one try may take, with more for large bodies. With `enabled=False`
    updates are checked and not sent. Raises `ConfigurationError` for a malformed address or a
    missing key.
    """

    _loop: asyncio.AbstractEventLoop | None = None

    def _open(self) -> None:
        self._http = httpx.AsyncClient(
            base_url=self._base_url,
            headers=self._headers,
            # The whole exchange has a deadline of its own.
            timeout=httpx.Timeout(None, connect=self._timeout),
            limits=httpx.Limits(
                max_connections=self._max_connections,
                max_keepalive_connections=self._max_connections,
                keepalive_expiry=KEEP_ALIVE,
            ),
            # A redirect would carry the key to wherever it points.
            follow_redirects=False,
        )

    async def update_job_status(self, update: JobUpdate | Mapping[str, object]) -> UpdateOutcome:
        """Sends one update and says what became of it, trying again where that can help.

        Raises `ValidationError` for what is no valid update (before anything is sent),
        `AuthenticationError`, `UserMismatchError`, `JobNotFoundError`, `SegmentGapError` and
        `UnexpectedAnswerError` at once, and `UnavailableError` after the last retry.
        """
        update = JobUpdate.parse(update)
        if not self._enabled:
            return not_sent(update)
        delivery = Delivery(update, self._retry)
        while True:
            try:
                outcome = await self.send_once(delivery.begin(), update.job_id)
            except ConvexError as error:
                pause = delivery.failed(error)
            else:
                return delivery.accepted(outcome)
            await asyncio.sleep(pause)

    async def send_once(self, content: bytes, job_id: str) -> UpdateOutcome:
        """Sends a job's update that is JSON already, once. Raises as `update_job_status` does."""
        return read_outcome(*await self.exchange("POST", UPDATE_PATH, content), job_id)

    async def health(self) -> None:
        """Whether address and key are right: returns if so, else raises as the update does."""
        if self._enabled:
            check_health(*await self.exchange("GET", HEALTH_PATH, None))

    async def exchange(
        self, method: str, path: str, content: bytes | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        """One request with JSON, or without a body, and its answer: status, headers, body.

        Raises `UnavailableError` where no whole answer came in time, `UnexpectedAnswerError` where
        it is too long, and `UsageError` in another event loop than at the first time.
        """
        self._keep_to_one_loop()
        headers = {} if content is None else {"Content-Type": "application/json"}
        # httpx limits the time between two bytes; a server that drips them would hold us for ever.
        deadline = self._deadline(content)
        try:
            async with (
                asyncio.timeout(deadline),
                self._http.stream(method, path, content=content, headers=headers) as response,
            ):
                answer = AnswerReader(response.status_code, response.headers)
                async for chunk in response.aiter_raw():
                    answer.add(chunk)
                return answer.whole()
        except TimeoutError:
            raise too_late(deadline) from None
        except httpx.HTTPError as error:
            unreachable = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            raise no_answer(error, unreachable=unreachable) from None

    async def aclose(self) -> None:
        """Closes the connections."""
        self._keep_to_one_loop()
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    def _keep_to_one_loop(self) -> None:
        """Its connections belong to the loop that opened them, and die with it."""
        loop = asyncio.get_running_loop()
        self._loop = self._loop or loop
        if self._loop is not loop:
            raise UsageError(
                "this ConvexClient was used in another event loop (asyncio.run makes a new one "
                "each time): make one client for each event loop, or use SyncConvexClient",
                code="wrong_event_loop",
            )
