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

WORDS_BY_REASON: Final[Mapping[str, str]] = {
    "ERROR_REASON_REQUEST_ID_REUSED": (
        "nothing was sent now: this request_id belongs to another request, and dispatch tells what became of that one"
    ),
    "ERROR_REASON_REQUEST_IN_PROGRESS": (
        "nothing was sent now: the first attempt with this request_id is still on its way, and its outcome is awaited"
    ),
    "ERROR_REASON_EXPIRED": "nobody was dialed: dial_before has passed, and late is worse than never",
    "ERROR_REASON_PAUSED": "nobody was dialed: an operator has paused dialing, until it is resumed",
}
"""Where the reason says more than what happened to the phones."""

WORDS_BY_ADVICE: Final[Mapping[str, str]] = {
    "RETRY_ADVICE_REPEAT": "send the same request with the same request_id, later",
    "RETRY_ADVICE_CORRECT": "correct the request and keep the request_id",
    "RETRY_ADVICE_NEW_REQUEST_ID": "correct it and use a new request_id",
    "RETRY_ADVICE_LOOK_UP": "send nothing; look the call up, a person decides",
}

ADVICE_BY_REASON: Final[Mapping[str, str]] = {
    "ERROR_REASON_REQUEST_ID_REUSED": (
        "look up the call that has this request_id; if yours is another call, give it a request_id of its own"
    ),
}
"""Where the reason says more than what to do next."""

UNTOLD_BY_REASON: Final[Mapping[str, str]] = {
    "ERROR_REASON_LEDGER_UNAVAILABLE": (
        "nothing was sent now: the gateway could not read or write its record of this request_id;"
        " what an earlier attempt with it did is not known from this answer"
    ),
}
"""Where an answer without dispatch says something all the same."""

DID_NOT_ARRIVE: Final = (
    "nothing was sent now: the request did not reach the gateway, and would not the next time;"
    " it is too large, or this is no gateway"
)
MAKE_IT_ARRIVE: Final = (
    "do not repeat it as it is: make it smaller, or see where --server leads; a proxy that limits how often it is asked"
    " may take it later"
)
NOT_OURS: Final = "this answer is not the gateway's, so it is not known what happened to the phones"
UNTOLD: Final = "this answer does not tell what happened to the phones"
DRY_RUN: Final = "it was a dry run: nothing was sent"
REPLAYED: Final = "this answer repeats an earlier outcome; nothing was sent now"
RECORDED: Final = "this request_id is recorded already: without the dry run, this is a repeat"
