"""Everything that refuses a call before it is sent, in the contract's order: the first of them is the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC

from gateway.accounts import Account, Accounts
from gateway.clock import Now
from gateway.errors import GatewayError
from gateway.inbound import Inbound
from gateway.kaleyra.numbers import readings
from gateway.ledger.ledger import Ledger
from gateway.ledger.store import LedgerUnavailableError
from voicegateway.v1.error_reason_pb2 import (
    ERROR_REASON_EXPIRED,
    ERROR_REASON_INVALID_REQUEST,
    ERROR_REASON_LEDGER_UNAVAILABLE,
    ERROR_REASON_OVERLOADED,
    ERROR_REASON_PAUSED,
    ERROR_REASON_POLICY_REFUSED,
)
from voicegateway.v1.outbound_call_pb2 import OutboundCallRequest
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallRequest
from voicegateway_client.violation import Violation


class Admission:
    """Decides whether a well-formed request may become a call."""

    def __init__(self, accounts: Accounts, ledger: Ledger, *, has_room: Callable[[], bool], now: Now) -> None:
        self._accounts = accounts
        self._ledger = ledger
        self._has_room = has_room
        self._now = now

    async def admit(self, request: PlaceCallRequest, inbound: Inbound) -> Account:
        """Finds the account that the call is placed with, and notes it for the log.

        Raises:
            GatewayError: ACCOUNT_NOT_FOUND, INVALID_REQUEST, POLICY_REFUSED, EXPIRED, PAUSED or OVERLOADED, whichever
                is first; LEDGER_UNAVAILABLE where nobody can say whether dialing is paused.
        """
        if inbound.unknown:
            raise GatewayError(ERROR_REASON_INVALID_REQUEST, violations=[*inbound.unknown, *inbound.violations])
        account = self._accounts.resolve(request.account)
        inbound.facts["account"] = account.name
        if request.validate_only:
            inbound.facts["validate_only"] = True
        if inbound.violations:
            raise GatewayError(ERROR_REASON_INVALID_REQUEST, violations=inbound.violations)
        forbidden = list(_forbidden_numbers(request.call, account))
        if forbidden:
            raise GatewayError(ERROR_REASON_POLICY_REFUSED, violations=forbidden)
        if expired(request, self._now):
            raise GatewayError(ERROR_REASON_EXPIRED)
        if await self._is_paused(inbound):
            raise GatewayError(ERROR_REASON_PAUSED)
        if not self._has_room():
            raise GatewayError(ERROR_REASON_OVERLOADED)
        return account

    async def _is_paused(self, inbound: Inbound) -> bool:
        if self._ledger.pausing.is_fresh:
            return self._ledger.pausing.pause is not None
        try:
            return await inbound.in_time(self._ledger.pausing.current()) is not None
        except LedgerUnavailableError as error:
            raise GatewayError(ERROR_REASON_LEDGER_UNAVAILABLE) from error


def expired(request: PlaceCallRequest, now: Now) -> bool:
    """Whether `dial_before` has passed."""
    return request.HasField("dial_before") and now() >= request.dial_before.ToDatetime(UTC)


def _forbidden_numbers(call: OutboundCallRequest, account: Account) -> Iterator[Violation]:
    if account.only_numbers is None:
        return
    for index, recipient in enumerate(call.recipients):
        # The provider may read a number without + in two ways: both must be allowed.
        if not all(_allowed(digits, account.only_numbers) for digits in readings(recipient.number, call.prefix)):
            text = "this account may only call the numbers in its only_numbers setting"
            yield Violation(f"call.recipients[{index}].number", "only_numbers", text)


def _allowed(digits: str, patterns: tuple[str, ...]) -> bool:
    number = f"+{digits}"
    return any(number.startswith(pattern[:-1]) if pattern.endswith("*") else number == pattern for pattern in patterns)
