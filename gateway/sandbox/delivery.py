"""Puts an answer on the wire: whole, late, cut short, or not at all."""

from asyncio import timeout
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from gateway.sandbox.answer import Answer, Delivery
from gateway.sandbox.server import CONNECTION, Connection


def response(answer: Answer, late_seconds: float) -> Response:
    """Returns what sends the answer the way it asks for; a late one waits for `late_seconds`."""
    return RESPONSE_BY_DELIVERY[answer.delivery](answer, late_seconds)


async def client_left(receive: Receive) -> None:
    """Returns when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


class _Whole(Response):
    """An answer as any server gives it."""

    def __init__(self, answer: Answer, late_seconds: float) -> None:
        super().__init__(answer.body, answer.status, answer.headers, answer.media_type)
        self.late_seconds = late_seconds


class _Late(_Whole):
    """A whole answer, after a while; none if the client leaves before."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with suppress(TimeoutError):
            async with timeout(self.late_seconds):
                return await client_left(receive)
        return await super().__call__(scope, receive, send)


class _Never(_Whole):
    """Silence on an open connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        await client_left(receive)


class _OnConnection(_Whole):
    """An answer that needs more than HTTP."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = scope.get("extensions", {}).get(CONNECTION)
        if connection is None:
            refusal = PlainTextResponse("This answer needs the sandbox's own server.", status_code=501)
            return await refusal(scope, receive, send)
        await self.act(connection, send)
        return await client_left(receive)

    async def act(self, connection: Connection, send: Send) -> None:
        """Does to the connection what the answer is."""
        raise NotImplementedError


class _Half(_OnConnection):
    """A whole answer's content-length, half of its body, and the end of the connection."""

    async def act(self, connection: Connection, send: Send) -> None:
        half = bytes(self.body[: len(self.body) // 2])
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": half, "more_body": True})
        connection.close()


class _Reset(_OnConnection):
    """No answer but a reset connection."""

    async def act(self, connection: Connection, send: Send) -> None:  # noqa: ARG002
        connection.reset()


RESPONSE_BY_DELIVERY: Final[Mapping[Delivery, Callable[[Answer, float], Response]]] = {
    Delivery.WHOLE: _Whole,
    Delivery.LATE: _Late,
    Delivery.HALF: _Half,
    Delivery.RESET: _Reset,
    Delivery.NEVER: _Never,
}
