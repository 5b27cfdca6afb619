"""Every answer that the receiver gives: constant, so that none tells more than its status.

There is no `Server` and no `Date`: all answers of a kind are the same bytes. `no-store` stands in all of them, for a
cache on the way would keep the repeats of a GET from us.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.types import Send

COME_AGAIN: Final = 10
"""Seconds after which a report that could not be taken may come again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, and what the log calls it."""

    status: int
    outcome: str
    body: bytes
    retry_after: int | None = None

    async def send(self, send: Send) -> None:
        """Sends it whole."""
        await send({"type": "http.response.start", "status": self.status, "headers": self._headers()})
        await send({"type": "http.response.body", "body": self.body})

    def _headers(self) -> list[tuple[bytes, bytes]]:
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(self.body)),
            (b"cache-control", b"no-store"),
        ]
        return headers if self.retry_after is None else [*headers, (b"retry-after", b"%d" % self.retry_after)]


TAKEN: Final = Answer(200, "taken", b"OK\n")
NOT_A_REPORT: Final = Answer(404, "not_a_report", b"Not found\n")
UNKNOWN_TOKEN: Final = Answer(404, "unknown_token", b"Not found\n")
BODY_TOO_LONG: Final = Answer(413, "body_too_long", b"Too long\n")
TARGET_TOO_LONG: Final = Answer(414, "target_too_long", b"Too long\n")
HEADERS_TOO_LONG: Final = Answer(431, "headers_too_long", b"Too long\n")
BUSY: Final = Answer(503, "busy", b"Try again later\n", COME_AGAIN)
SLOW: Final = Answer(503, "slow", b"Try again later\n", COME_AGAIN)
UNAVAILABLE: Final = Answer(503, "unavailable", b"Try again later\n", COME_AGAIN)
FAILED: Final = Answer(503, "failed", b"Try again later\n", COME_AGAIN)


def limited(retry_after: int) -> Answer:
    """The answer to a source that has asked for too many tokens that nobody knows."""
    return Answer(429, "limited", b"Try again later\n", retry_after)
