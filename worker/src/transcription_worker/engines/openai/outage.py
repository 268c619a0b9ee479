"""How long a service that cannot answer is waited for."""

from ...retry import RetryPolicy, delay


class Patience:
    """The pauses of one outage. Times are in seconds, `now` by any clock that never goes back."""

    def __init__(self, policy: RetryPolicy, limit: float) -> None:
        """`limit`: seconds after the first failure in which the service is asked again."""
        self._policy = policy
        self._limit = limit
        self._began: float | None = None
        self._failures = 0

    def pause(self, now: float, chance: float, retry_after: float | None) -> float | None:
        """Seconds until the next try after one that failed `now`; `None`: it has lasted too long.

        `chance` is a random number from 0 to 1. The last try is made when the limit is reached.
        """
        began = self._began = now if self._began is None else self._began
        self._failures += 1
        left = began + self._limit - now
        if left <= 0:
            return None
        wanted = None if retry_after is None else min(retry_after, self._policy.max_retry_after)
        return min(delay(self._policy, self._failures, chance, wanted), left)
