"""The latest attempts to reach phones, and which of them changed."""

from collections import Counter, OrderedDict

from gateway.sandbox.attempt import Attempt
from gateway.sandbox.pulse import Pulse


class PhoneBook:
    """The latest attempts, oldest first; older ones make room.

    `added` counts the attempts, `change` what happened to them, `emptied` how often everything was forgotten.
    """

    def __init__(self, limit: int, pulse: Pulse) -> None:
        self._limit = limit
        self._pulse = pulse
        self._attempts: OrderedDict[str, Attempt] = OrderedDict()
        self._by_change: OrderedDict[str, Attempt] = OrderedDict()
        self.added = 0
        self.change = 0
        self.emptied = 0

    def add(self, attempt: Attempt) -> None:
        """Takes in an attempt."""
        self.added += 1
        attempt.serial = self.added
        self._attempts[attempt.id] = attempt
        if len(self._attempts) > self._limit:
            oldest, _ = self._attempts.popitem(last=False)
            del self._by_change[oldest]
        self.touch(attempt)

    def touch(self, attempt: Attempt) -> None:
        """Notes that something about an attempt changed; nothing when it was forgotten."""
        if attempt.id not in self._attempts:
            return
        self.change += 1
        attempt.change = self.change
        self._by_change[attempt.id] = attempt
        self._by_change.move_to_end(attempt.id)
        self._pulse.beat()

    def clear(self) -> None:
        """Forgets every attempt."""
        self._attempts.clear()
        self._by_change.clear()
        self.emptied += 1
        self._pulse.beat()

    def find(self, *, custom: str | None = None, number: str | None = None) -> tuple[Attempt, ...]:
        """Returns the attempts of requests with this custom reference, to this number, where given."""
        return tuple(
            attempt
            for attempt in self._attempts.values()
            if (custom is None or attempt.order.record.has_custom(custom))
            and (number is None or attempt.has_number(number))
        )

    def changed_since(self, change: int, most: int) -> list[Attempt]:
        """Returns those of the latest attempts, no more than so many, that changed after this one; oldest first."""
        changed = []
        for attempt in reversed(self._by_change.values()):
            if attempt.change <= change:
                break
            if attempt.serial > self.added - most:
                changed.append(attempt)
        return sorted(changed, key=lambda attempt: attempt.serial)

    def count(self) -> Counter[str]:
        """Counts the attempts in each state."""
        return Counter(attempt.state.value for attempt in self._attempts.values())
