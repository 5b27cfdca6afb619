"""What the exit status of `kaleyra-gateway call` and `watch` means to a script."""

from collections.abc import Mapping
from typing import Final

WRONG_COMMAND: Final = 2
ACCEPTED: Final = 0
REFUSED: Final = 3
NOT_SENT: Final = 4
INVALID: Final = 5
UNKNOWN: Final = 6

ANSWERED: Final = 0
"""Of who waited for the end: everybody was reached."""

NOT_ANSWERED: Final = 7
"""It is over, and somebody was not reached."""

NO_NEWS: Final = 8
"""How it ended is not known: nobody reported it, or the gateway could not be asked."""

INTERRUPTED: Final = 130
"""By Ctrl-C, as shells say it."""

EXIT_BY_DISPATCH: Final[Mapping[str, int]] = {
    "DISPATCH_NOT_SENT": NOT_SENT,
    "DISPATCH_SENDING": UNKNOWN,
    "DISPATCH_ACCEPTED": ACCEPTED,
    "DISPATCH_REJECTED": REFUSED,
    "DISPATCH_OUTCOME_UNKNOWN": UNKNOWN,
}
