"""Requests for a reservation, as the dialer makes them."""

from datetime import timedelta
from itertools import count
from typing import Any

from google.protobuf.json_format import ParseDict
from ulid import ULID

from gateway.ledger import transitions
from gateway.ledger.record import Key, encoded
from gateway.ledger.store import Changed, Store
from gateway.ledger.transitions import Wish
from voicegateway.v1.outbound_call_pb2 import OutboundCallRequest

_OWNERS = count()


def wish(request_id: str = "request-1", account: str = "default", **call: Any) -> Wish:
    """A wish to place a call, written as JSON over a plain one, with an owner of its own."""
    plain = {"recipients": [{"number": "+13236550107"}], "ivr": {"flow_id": "SG_1"}}
    return Wish(
        key=Key(account, request_id),
        call_id=str(ULID()),
        request=encoded(ParseDict(plain | call, OutboundCallRequest())),
        warnings=b"",
        owner=f"owner-{next(_OWNERS)}",
        age=timedelta(0),
        send_within=timedelta(seconds=27),
    )


async def reserve(store: Store, wanted: Wish) -> Changed:
    """Reserves as the ledger does."""
    return await store.change(wanted.key, lambda record, now: transitions.reserve(record, wanted, now))
