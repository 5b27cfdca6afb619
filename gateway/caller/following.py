"""Follows calls to their end, or until Ctrl-C, and shows what a view makes of it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Final, Protocol

import grpc

from gateway.caller.ending import exit_status_of
from gateway.caller.exit_status import INTERRUPTED, INVALID, NO_NEWS
from gateway.caller.options import Subject
from gateway.caller.reconnecting import Reconnecting
from voicegateway.v1.error_reason_pb2 import (
    ERROR_REASON_ACCOUNT_NOT_FOUND,
    ERROR_REASON_CALL_NOT_FOUND,
    ERROR_REASON_CURSOR_OUT_OF_RANGE,
    ERROR_REASON_INVALID_REQUEST,
)
from voicegateway.v1.outbound_call_pb2 import OutboundCall
from voicegateway.v1.outbound_call_service_pb2 import CallEvent, GetCallRequest
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub
from voicegateway_client import CallError, CallWatch, error_from, watch_call, watch_calls

PATIENCE: Final = 300.0
"""Seconds without a message after which following a call is given up; an account is followed for good."""

RECORD_WITHIN: Final = 30.0
"""Seconds for the final record."""

RECONNECTING: Final = "reconnecting"
CONNECTED: Final = "connected again, and no event was missed"

CORRECTABLE: Final = frozenset(
    {
        ERROR_REASON_ACCOUNT_NOT_FOUND,
        ERROR_REASON_CALL_NOT_FOUND,
        ERROR_REASON_CURSOR_OUT_OF_RANGE,
        ERROR_REASON_INVALID_REQUEST,
    }
)
"""Reasons that are about what was asked for."""


class View(Protocol):
    """Shows what is followed."""

    def event(self, event: CallEvent) -> None:
        """Shows an event."""

    def note(self, words: str) -> None:
        """Shows what is no event."""

    def ended(self, call: OutboundCall) -> None:
        """Shows the final record."""

    def failed(self, error: CallError, command: str) -> None:
        """Shows why it cannot be followed, and the command that goes on from here, if one would."""

    def interrupted(self, command: str) -> None:
        """Says that calls go on, and shows the command that goes on watching."""


class Follower:
    """Follows one subject."""

    def __init__(self, subject: Subject, view: View, options: Sequence[str]) -> None:
        """Begins nothing yet.

        Args:
            subject: What to follow.
            view: Shows it.
            options: Of the command line, what belongs to a command that goes on from here: which gateway it is.
        """
        self._subject = subject
        self._view = view
        self._options = options
        self._cursor = subject.after

    def run(self, channel: grpc.Channel) -> int:
        """Follows it.

        Returns:
            The exit status.
        """
        try:
            return self._to_the_end(channel)
        except KeyboardInterrupt:
            self._view.interrupted(self._command())
            return INTERRUPTED
        except CallError as error:
            is_correctable = error.reason in CORRECTABLE
            self._view.failed(error, "" if is_correctable else self._command())
            return INVALID if is_correctable else NO_NEWS

    def _to_the_end(self, channel: grpc.Channel) -> int:
        reconnecting = Reconnecting(lambda: self._view.note(RECONNECTING), lambda: self._view.note(CONNECTED))
        with self._watch(grpc.intercept_channel(channel, reconnecting)) as events:
            try:
                for event in events:
                    self._cursor = event.sequence - 1  # who is interrupted here is told it again
                    self._view.event(event)
                    self._cursor = event.sequence
            finally:
                self._cursor = events.last_sequence if self._cursor is None else self._cursor
        call = self._record(channel)
        self._view.ended(call)
        return exit_status_of(call)

    def _watch(self, channel: grpc.Channel) -> CallWatch:
        subject = self._subject
        if not subject.is_one_call:
            return watch_calls(channel, account=subject.account, after_sequence=subject.after, patience=None)
        return watch_call(
            channel,
            call_id=subject.call_id,
            request_id=subject.request_id,
            account=subject.account,
            after_sequence=subject.after,
            patience=PATIENCE,
        )

    def _record(self, channel: grpc.Channel) -> OutboundCall:
        subject = self._subject
        request = GetCallRequest(account=subject.account)
        if subject.call_id:
            request.call_id = subject.call_id
        else:
            request.request_id = subject.request_id
        try:
            stub = OutboundCallServiceStub(channel)
            return stub.GetCall(request, timeout=RECORD_WITHIN, wait_for_ready=True).call
        except grpc.RpcError as error:
            raise error_from(error) from error

    def _command(self) -> str:
        subject = self._subject
        command = ["kaleyra-gateway", "watch", *([subject.call_id] if subject.call_id else [])]
        for option, value in (("--request-id", subject.request_id), ("--account", subject.account)):
            command += [option, value] if value else []
        command += [] if self._cursor is None else ["--after", str(self._cursor)]
        return shlex.join([*command, *self._options])
