"""How loud an outcome is in the log: operators are alerted by the level of a line."""

import logging
from collections.abc import Mapping
from typing import Final

_LEVEL_BY_OUTCOME: Final[Mapping[str, int]] = {
    "ERROR_REASON_PROVIDER_CREDENTIALS_REJECTED": logging.ERROR,
    "ERROR_REASON_PROVIDER_MISCONFIGURED": logging.ERROR,
    "ERROR_REASON_INTERNAL": logging.ERROR,
    "ERROR_REASON_OUTCOME_UNKNOWN": logging.WARNING,
}
"""What an operator must act on, or a person look up. Everything else is a caller's business."""


def level_of(outcome: str) -> int:
    """The level of the one line of a call that ended so: `OK`, or a reason's name."""
    return _LEVEL_BY_OUTCOME.get(outcome, logging.INFO)
