"""What the sandbox remembers of the requests it got, for the tests of whoever sent them."""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from gateway.sandbox.form import Wrapped
from gateway.sandbox.phone import international


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One request and what came of it. Never the API key: only whether it was valid.

    `fields` are the decoded fields as sent; of one sent twice, the first. `verdict` is a code of the provider's page,
    or a few words for an answer without one. `errors` has a text for each field that was refused, `rang` the numbers
    whose phones would have rung, `body` what was received (empty if it was too large).
    """

    arrived: datetime
    sid: str
    key_valid: bool
    fields: Mapping[str, str]
    wrapped: tuple[Wrapped, ...]
    verdict: str
    errors: Mapping[str, str]
    rang: tuple[str, ...]
    body: str

    def to_json(self) -> dict[str, object]:
        """Returns the record as `GET /requests` shows it."""
        return asdict(self) | {"arrived": self.arrived.isoformat()}

    def has_custom(self, custom: str) -> bool:
        """Tells whether the request was sent with this `custom`."""
        return self.fields.get("custom") == custom

    def has_number(self, number: str) -> bool:
        """Tells whether a recipient has these digits, as sent or with the prefix."""
        digits = number.strip().removeprefix("+")
        sent = self.fields.get("to", "").split(",")
        full = [international(each, self.fields.get("prefix")) for each in sent]
        return any(each.strip().removeprefix("+") == digits for each in [*sent, *full])


class RecordBook:
    """The latest records, oldest first; older ones make room. The first that ever came is number 1.

    `added` is how many ever came.
    """

    def __init__(self, limit: int) -> None:
        self._records: deque[Record] = deque(maxlen=limit)
        self.added = 0

    def __len__(self) -> int:
        return len(self._records)

    def add(self, record: Record) -> int:
        """Remembers a request; returns its number."""
        self._records.append(record)
        self.added += 1
        return self.added

    def get(self, number: int) -> Record | None:
        """Returns the record with this number; None when it was forgotten, or never came."""
        place = number - self.added - 1
        return self._records[place] if -len(self._records) <= place < 0 else None

    def clear(self) -> None:
        """Forgets every request."""
        self._records.clear()

    def rings(self, *, custom: str | None = None, number: str | None = None) -> dict[str, object]:
        """Counts how often each phone would have rung for the records that `find` returns."""
        found = self.find(custom=custom, number=number)
        return {"requests": len(found), "rings": Counter(number for record in found for number in record.rang)}

    def find(self, *, custom: str | None = None, number: str | None = None) -> tuple[Record, ...]:
        """Returns the records that have both the custom reference and the number, where given."""
        return tuple(
            record
            for record in self._records
            if (custom is None or record.has_custom(custom)) and (number is None or record.has_number(number))
        )
