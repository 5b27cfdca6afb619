"""Whether a phone is dialed again: a request's own `retry`, as far as it is not used up."""

from typing import Final

from gateway.sandbox.behaviour import ANSWER
from gateway.sandbox.retry import STATUSES, Retry, RetryCount

UNASKED_INTERVAL_SECONDS: Final = 30
"""From the end of an attempt to the next when a request has no `interval`. Ours: no page says."""


class Redials:
    """The redials that one phone of a request has left.

    A plain count is for every end but an answer. A rule is for the ends that it names, `answer` too; of several, the
    first that has some left. What a rule without a status means is unknown: here it never applies.
    """

    def __init__(self, retry: Retry | None) -> None:
        self._left: list[tuple[int, frozenset[str] | None]]
        match retry:
            case None:
                self._left = []
            case RetryCount(count):
                self._left = [(count, None)]
            case rules:
                self._left = [(rule.count, frozenset(rule.statuses)) for rule in rules.rules]

    def take(self, status: str) -> bool:
        """Uses up one redial after this end; tells whether there was one."""
        for place, (left, statuses) in enumerate(self._left):
            if left and _is_for(statuses, status):
                self._left[place] = (left - 1, statuses)
                return True
        return False


def _is_for(statuses: frozenset[str] | None, status: str) -> bool:
    if statuses is None:
        return status != ANSWER
    return status.lower() in statuses & STATUSES
