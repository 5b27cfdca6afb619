"""What the exit status of `kaleyra-gateway call` means to a script."""

from collections.abc import Mapping
from typing import Final

WRONG_COMMAND: Final = 2
ACCEPTED: Final = 0
REFUSED: Final = 3
NOT_SENT: Final = 4
INVALID: Final = 5
UNKNOWN: Final = 6

EXIT_BY_DISPATCH: Final[Mapping[str, int]] = {
    "DISPATCH_NOT_SENT": NOT_SENT,
    "DISPATCH_SENDING": UNKNOWN,
    "DISPATCH_ACCEPTED": ACCEPTED,
    "DISPATCH_REJECTED": REFUSED,
    "DISPATCH_OUTCOME_UNKNOWN": UNKNOWN,
}
