"""What a recorded request is answered: from its record, whatever would be said of it today."""

from __future__ import annotations

import asyncio

from gateway.calls.answers import Answers, beside, in_progress, reused
from gateway.calls.running import Running
from gateway.errors import GatewayError
from gateway.inbound import Inbound
from gateway.ledger.ledger import Ledger
from gateway.ledger.record import Key, Record, encoded
from gateway.ledger.store import LedgerUnavailableError
from gateway.ledger.transitions import is_same
from voicegateway.v1.error_reason_pb2 import ERROR_REASON_LEDGER_UNAVAILABLE
from voicegateway.v1.outbound_call_pb2 import DISPATCH_SENDING
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallRequest, PlaceCallResponse


class Replays:
    """Looks requests up, and answers from their records."""

    def __init__(self, ledger: Ledger, running: Running, answers: Answers) -> None:
        self._answers = answers
        self._ledger = ledger
        self._running = running

    async def recorded(self, request: PlaceCallRequest, key: Key) -> Record | None:
        """Finds the record of this very request.

        Raises:
            GatewayError: REQUEST_ID_REUSED, or LEDGER_UNAVAILABLE.
        """
        try:
            record = await self._ledger.find(key)
        except LedgerUnavailableError as error:
            raise GatewayError(ERROR_REASON_LEDGER_UNAVAILABLE) from error
        return record and _same(record, request)

    async def winner(self, refusal: GatewayError, request: PlaceCallRequest, key: Key) -> Record:
        """Finds the record that answers a request which would be refused today.

        Raises:
            GatewayError: The refusal, where nothing is recorded or nobody was dialed; or as `recorded`.
        """
        record = await self.recorded(request, key)
        if record is None:
            raise refusal
        if record.is_free:
            raise beside(record, refusal)
        return record

    async def replay(self, record: Record, request: PlaceCallRequest, inbound: Inbound) -> PlaceCallResponse:
        """Answers with the outcome of a recorded call, and waits for it as long as the caller does.

        Raises:
            GatewayError: The recorded one; REQUEST_ID_REUSED, REQUEST_IN_PROGRESS or LEDGER_UNAVAILABLE.
        """
        inbound.facts |= {"call_id": _same(record, request).call_id, "replayed": True}
        if record.dispatch == DISPATCH_SENDING:
            record = await self._end_of(record, inbound)
        return self._answers.answer(record, replayed=True)

    async def _end_of(self, record: Record, inbound: Inbound) -> Record:
        try:
            async with asyncio.timeout(inbound.time_to_answer()):
                return await self._ledger.end_of(await self._running.end_of(record))
        except TimeoutError:
            raise in_progress(record) from None
        except LedgerUnavailableError as error:
            raise GatewayError(ERROR_REASON_LEDGER_UNAVAILABLE, call_id=record.call_id) from error


def _same(record: Record, request: PlaceCallRequest) -> Record:
    if not is_same(record, encoded(request.call)):
        raise reused(record)
    return record
