"""Where a list goes on: the last call of the page before, and which list it was."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from gateway.errors import GatewayError
from voicegateway.v1.error_reason_pb2 import ERROR_REASON_INVALID_REQUEST
from voicegateway.v1.outbound_call_service_pb2 import ListCallsRequest
from voicegateway_client.violation import Violation

_MARK: Final = 8
_TIME: Final = 8
_CALL_ID: Final = re.compile(rb"[0-9A-HJKMNP-TV-Z]{26}")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def fingerprint(request: ListCallsRequest, account: str) -> bytes:
    """Names a list: its account and filters, however they are written. A page's size may change on the way."""
    same = ListCallsRequest()
    same.CopyFrom(request)
    same.ClearField("page_token")
    same.ClearField("page_size")
    same.account = account
    same.number = request.number.removeprefix("+")
    same.dispatches[:] = sorted(set(request.dispatches))
    return sha256(same.SerializeToString(deterministic=True)).digest()[:_MARK]


@dataclass(frozen=True, slots=True)
class PageToken:
    """A place in a list, that calls recorded meanwhile do not shift."""

    mark: bytes
    created: datetime
    call_id: str

    def written(self) -> str:
        """The token as callers hand it back."""
        time = (self.created - _EPOCH) // timedelta(microseconds=1)
        return base64.urlsafe_b64encode(self.mark + time.to_bytes(_TIME) + self.call_id.encode()).decode()

    @staticmethod
    def read(text: str, mark: bytes) -> tuple[datetime, str]:
        """Reads a token of a list.

        Raises:
            GatewayError: INVALID_REQUEST: it is none, or belongs to another list.
        """
        try:
            token = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
            time, call_id = token[_MARK : _MARK + _TIME], token[_MARK + _TIME :]
            if token[:_MARK] == mark and _CALL_ID.fullmatch(call_id):
                return _EPOCH + timedelta(microseconds=int.from_bytes(time)), call_id.decode()
        except (binascii.Error, UnicodeEncodeError, OverflowError):
            pass
        text = "is no next_page_token of a list with this account and these filters"
        raise GatewayError(ERROR_REASON_INVALID_REQUEST, violations=[Violation("page_token", "PAGE_TOKEN", text)])
