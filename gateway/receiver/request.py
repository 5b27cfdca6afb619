"""A request as ASGI tells it, with a body that has an end."""

from __future__ import annotations

from starlette.types import Receive, Scope


class TooLongError(Exception):
    """The body is longer than allowed."""


class ClientLeftError(Exception):
    """The client left before the request was whole."""


class Request:
    """What of a request matters here."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._scope = scope
        self._receive = receive

    @property
    def method(self) -> str:
        """The method, as it was sent."""
        return str(self._scope["method"])

    @property
    def query(self) -> bytes:
        """What stands behind the first question mark."""
        return bytes(self._scope["query_string"])

    @property
    def target_size(self) -> int:
        """Bytes of the path and the query."""
        return len(self._scope["raw_path"]) + len(self._scope["query_string"])

    @property
    def headers_size(self) -> int:
        """Bytes of the headers' names and values."""
        return sum(len(name) + len(value) for name, value in self._scope["headers"])

    @property
    def peer(self) -> str:
        """The address at the other end of the connection; empty where it is gone already."""
        return str(self._scope["client"][0]) if self._scope["client"] else ""

    @property
    def content_type(self) -> str:
        """The body's type; empty where none is told."""
        return b"".join(self.header(b"content-type")[:1]).decode("latin-1")

    def header(self, name: bytes) -> list[bytes]:
        """Every value of a header, in order."""
        return [value for each, value in self._scope["headers"] if each == name]

    async def body(self, most: int) -> bytes:
        """Reads the body.

        Raises:
            TooLongError: It has more than `most` bytes; the rest is not kept.
            ClientLeftError: It did not come to its end.
        """
        if any(int(length) > most for length in self.header(b"content-length")):  # h11 lets only digits pass
            raise TooLongError
        body = b""
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientLeftError
            body += message["body"]
            more = message["more_body"]
            if len(body) > most:
                raise TooLongError
        return body
