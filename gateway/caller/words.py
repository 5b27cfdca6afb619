"""What an answer means, in words for people at a terminal."""

from collections.abc import Mapping
from typing import Final

WORDS_BY_DISPATCH: Final[Mapping[str, str]] = {
    "DISPATCH_NOT_SENT": "nobody was dialed: the request did not leave the gateway",
    "DISPATCH_SENDING": "not known yet: the request is on its way",
    "DISPATCH_ACCEPTED": "the provider accepted the request",
    "DISPATCH_REJECTED": "nobody was dialed: the provider refused the request",
    "DISPATCH_OUTCOME_UNKNOWN": "phones may ring, or not: the request left, and no readable answer came",
}

WORDS_BY_ADVICE: Final[Mapping[str, str]] = {
    "RETRY_ADVICE_REPEAT": "send the same request with the same request_id, later",
    "RETRY_ADVICE_CORRECT": "correct the request and keep the request_id",
    "RETRY_ADVICE_NEW_REQUEST_ID": "correct it and use a new request_id",
    "RETRY_ADVICE_LOOK_UP": "send nothing; look the call up, a person decides",
}
