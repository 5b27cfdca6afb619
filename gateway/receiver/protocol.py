"""uvicorn's HTTP/1.1 for strangers: a request must be whole in time, and what is no HTTP is no line in the log."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import Final

import h11
from starlette.types import Message, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol

from gateway.receiver.connections import Connections
from gateway.receiver.counted import Counted
from gateway.receiver.incoming import Incoming
from gateway.receiver.limits import Limits
from gateway.receiver.lingering import Lingering

_TOO_LONG: Final = frozenset({413, 431})
_CLOSE: Final = (b"connection", b"close")
_LONGEST_LINE: Final = 1024
"""Bytes of a chunk's size and extensions, or of all trailers."""


class Protocol(H11Protocol):
    """One connection."""

    server_state: Connections

    def __init__(self, config: Config, connections: Connections, limits: Limits) -> None:
        super().__init__(config, connections, {})
        self.access_log = False  # it would show the tokens
        self.logger = _errors_only()
        self._limits = limits
        self.conn = Counted(limits)
        self.app = self._answer
        self._incoming = Incoming(limits)
        self._has_ended = False
        self._is_refused = False
        self._thrown_away = 0
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins to wait for a request."""
        lingering = Lingering(transport, self.loop, self._lingers)
        super().connection_made(lingering)  # type: ignore[arg-type] # it is one by its methods
        self._await_request()
        self.server_state.admit(self)

    def data_received(self, data: bytes) -> None:
        """Reads on; what follows the last request of a connection, such as an empty line, is nobody's."""
        if self.transport.is_closing():
            self._throw_away(data)
            return
        if self.conn.their_state is h11.MUST_CLOSE:
            return
        self._unset_keepalive_if_required()
        self._incoming.add(data)
        self.handle_events()

    def handle_events(self) -> None:
        """Handles what can be read, and sees whether the request is whole."""
        try:
            while not self.transport.is_closing() and (data := self._readable()):
                self.conn.receive_data(data)
                super().handle_events()
        except h11.RemoteProtocolError as error:
            self.send_400_response(str(error))
        if self.transport.is_closing():
            return
        if self.conn.their_state not in {h11.IDLE, h11.SEND_BODY}:
            self._request_is_whole()
        elif self.conn.their_state is h11.SEND_BODY or self._incoming:
            self._await_request()
        else:
            self._await_next()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Answers a client that has only ended its own half of the connection."""
        if (
            self.scheme == "https"
            or self.transport.is_closing()
            or not self._is_answering()
            or self.conn.their_state is h11.SEND_BODY
        ):
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
        text = b"Too long\n" if status in _TOO_LONG else b"Not HTTP\n"
        headers = [
            ("content-type", "text/plain; charset=utf-8"),
            ("content-length", str(len(text))),
            ("connection", "close"),
        ]
        self._is_refused = True
        if self.cycle is not None:
            self.cycle.disconnected = True  # or the request would be answered behind its refusal
            self.cycle.message_event.set()
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

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Has a request answered; an answer that does not wait for the request's end is the connection's last."""

        async def last(message: Message) -> None:
            if message["type"] == "http.response.start" and self.conn.their_state is h11.SEND_BODY:
                message["headers"] = [*message["headers"], _CLOSE]
            await send(message)

        await self.config.loaded_app(scope, receive, last)

    def _lingers(self) -> bool:
        """Whether more may come behind the last answer; if so, it is thrown away for a while."""
        if self._has_ended or not (self._is_refused or self.conn.their_state is h11.SEND_BODY):
            return False
        self._stop_deadline()
        self._deadline = self.loop.call_later(self._limits.linger, self.transport.abort)
        self.flow.resume_reading()
        return True

    def _throw_away(self, data: bytes) -> None:
        self._thrown_away += len(data)
        if self._thrown_away > self._limits.thrown_away:
            self.transport.abort()

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _readable(self) -> bytes:
        """Takes what h11 can read now: a whole head, or some of a body, and nothing before the last answer."""
        rest = self.conn.trailing_data[0]
        if self.conn.their_state is h11.SEND_BODY:
            if len(rest) > _LONGEST_LINE:
                raise h11.RemoteProtocolError("too long a line in a body")
            return self._incoming.piece()
        if self.conn.their_state is not h11.IDLE:
            return b""
        if rest:  # the last piece of a body held the beginning of a next request: h11 gives nothing back
            self._incoming.put_back(rest)
            self.conn = Counted(self._limits)
        return self._incoming.head()

    def _has_more(self) -> bool:
        return bool(self._incoming or self.conn.trailing_data[0])

    def _await_request(self) -> None:
        """Gives a request its time, from its first byte."""
        self.server_state.wait(self)
        if self._deadline is None:
            self._deadline = self.loop.call_later(self._limits.sending, self.transport.abort)

    def _request_is_whole(self) -> None:
        self.server_state.serve(self)
        self._stop_deadline()
        if self._has_more():
            self.flow.pause_reading()
        self._close_after_last()

    def _await_next(self) -> None:
        """Lets uvicorn's own idle time run."""
        self.server_state.wait(self)
        self._stop_deadline()
        if self._has_ended:
            self.transport.close()

    def _close_after_last(self) -> None:
        if self._has_ended and not self._has_more():
            self.cycle.keep_alive = False

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def _errors_only() -> logging.Logger:
    """A logger that nobody's levels reach: anybody on the internet could fill the log with warnings."""
    logger = logging.Logger("gateway.receiver", logging.ERROR)  # noqa: LOG001
    logger.parent = logging.getLogger()
    return logger
