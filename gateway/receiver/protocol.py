"""uvicorn's HTTP/1.1 for strangers: a request must be whole in time, and what is no HTTP is no line in the log."""

from __future__ import annotations

import asyncio
import logging
import re
import sys
from typing import Final
from urllib.parse import quote_from_bytes

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol

from gateway.receiver.connections import Connections
from gateway.receiver.in_one_piece import InOnePiece
from gateway.receiver.limits import Limits

_REQUEST_LINE: Final = re.compile(rb"([A-Z]+ +)([^\r\n]*?)( +HTTP/1\.[01]\r?\n)")
_PRINTABLE: Final = "".join(map(chr, range(0x21, 0x7F)))
_TOO_LONG: Final = 431


class Protocol(H11Protocol):
    """One connection."""

    server_state: Connections

    def __init__(self, config: Config, connections: Connections, limits: Limits) -> None:
        super().__init__(config, connections, {})
        self.access_log = False  # it would show the tokens
        self.logger = _errors_only()
        self._limits = limits
        self._line = b""
        self._has_ended = False
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins to wait for a request."""
        super().connection_made(InOnePiece(transport, self.loop))  # type: ignore[arg-type] # it is one by its methods
        self._await_request()
        self.server_state.admit(self)

    def data_received(self, data: bytes) -> None:
        """Reads on; what follows the last request of a connection, such as an empty line, is nobody's."""
        if self.conn.their_state is h11.MUST_CLOSE:
            return
        data = self._with_request_line(data)
        if data:  # nothing would mean the end of the connection
            super().data_received(data)
        else:
            self._unset_keepalive_if_required()
            self._await_request()

    def handle_events(self) -> None:
        """Handles what was read, and sees whether the request is whole."""
        super().handle_events()
        if self.conn.their_state not in {h11.IDLE, h11.SEND_BODY}:
            self._request_is_whole()
        elif self.conn.their_state is h11.SEND_BODY or self._line or self.conn.trailing_data[0]:
            self._await_request()
        else:
            self._await_next()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Answers a client that has only ended its own half of the connection."""
        if self.scheme == "https" or not self._is_answering() or self.conn.their_state is h11.SEND_BODY:
            return False
        self._has_ended = True
        self._close_after_last()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection."""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self._stop_deadline()
        self.server_state.drop(self)

    def pause_writing(self) -> None:
        """Cuts off a client that asks and asks and reads none of its answers, some hundreds of them."""
        super().pause_writing()
        self.transport.abort()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        """Refuses what is no HTTP, or has too long a head; uvicorn asks for it where h11 has said so."""
        status = getattr(sys.exc_info()[1], "error_status_hint", 400)
        text = b"Too long\n" if status == _TOO_LONG else b"Not HTTP\n"
        headers = [("content-type", "text/plain; charset=utf-8"), ("connection", "close")]
        try:
            for event in (
                h11.Response(status_code=status, headers=headers, reason=STATUS_PHRASES[status]),
                h11.Data(data=text),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        except h11.LocalProtocolError:  # the request has its answer already; this came behind it
            pass
        self.transport.close()

    def shutdown(self) -> None:
        """Closes the connection, or lets it end with the answer that is due."""
        if self._is_answering():
            self.cycle.keep_alive = False
        else:
            self.transport.close()

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _with_request_line(self, data: bytes) -> bytes:
        """Escapes what a client should have escaped.

        A value that was put into the URL as it is, with a space or an umlaut, would otherwise cost the report.
        """
        if self.conn.their_state is not h11.IDLE or self.conn.trailing_data[0]:
            return data
        data, self._line = self._line + data, b""
        if b"\n" not in data and len(data) <= self._limits.target:
            self._line = data
            return b""
        found = _REQUEST_LINE.match(data)
        if found is None:
            return data
        return found[1].rstrip() + b" " + _escaped(found[2]) + b" " + found[3].lstrip() + data[found.end() :]

    def _await_request(self) -> None:
        """Gives a request its time, from its first byte."""
        self.server_state.wait(self)
        if self._deadline is None:
            self._deadline = self.loop.call_later(self._limits.sending, self.transport.abort)

    def _request_is_whole(self) -> None:
        self.server_state.serve(self)
        self._stop_deadline()
        self._close_after_last()

    def _await_next(self) -> None:
        """Lets uvicorn's own idle time run."""
        self.server_state.wait(self)
        self._stop_deadline()
        if self._has_ended:
            self.transport.close()

    def _close_after_last(self) -> None:
        if self._has_ended and not self.conn.trailing_data[0]:
            self.cycle.keep_alive = False

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def _escaped(target: bytes) -> bytes:
    return quote_from_bytes(target, safe=_PRINTABLE).encode()


def _errors_only() -> logging.Logger:
    """A logger that nobody's levels reach: anybody on the internet could fill the log with warnings."""
    logger = logging.Logger("gateway.receiver", logging.ERROR)  # noqa: LOG001
    logger.parent = logging.getLogger()
    return logger
