"""Plays the phones of accepted requests, while the sandbox is served."""

import ssl
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from random import Random

from gateway.sandbox.agenda import Agenda
from gateway.sandbox.attempt import Order
from gateway.sandbox.courier import Courier
from gateway.sandbox.magic import behaviour_of
from gateway.sandbox.phone_book import PhoneBook
from gateway.sandbox.placeholders import Placeholder
from gateway.sandbox.pulse import Pulse
from gateway.sandbox.reporter import Reporter
from gateway.sandbox.series import Series, Stage


class Phones:
    """Phones that ring, are answered and end, and the reports of it. `pulse` beats when anything happens."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        speed: float,
        seed: int | None,
        placeholders: Collection[Placeholder],
        dlr_answered_only: bool,
        report_timeout: float,
        ssl_context: ssl.SSLContext | None,
        limit: int,
    ) -> None:
        if not 0 < speed < float("inf"):
            raise ValueError("speed has to be above 0, and finite")
        self.pulse = Pulse()
        self.book = PhoneBook(limit, self.pulse)
        self._random = Random(seed)  # noqa: S311 - it plays, and guards nothing
        self._agenda = Agenda(speed, self.pulse.beat)
        self._courier = Courier(now=now, timeout=report_timeout, ssl_context=ssl_context, on_turn=self.pulse.beat)
        self._reporter = Reporter(
            self._agenda, self._courier, self.book.touch, placeholders, dlr_answered_only=dlr_answered_only
        )
        self._stage = Stage(self._agenda, self.book, self._reporter, now, speed)
        self._servers = 0

    def play(self, order: Order, numbers: Iterable[str]) -> None:
        """Has these phones of a request ring when it asks for it; nothing while the sandbox is not served."""
        if self._servers:
            for number in numbers:
                Series(self._stage, order, number, behaviour_of(number), self._random.getrandbits(64)).begin()

    def clear(self) -> None:
        """Forgets every attempt, and whatever was still to come of it."""
        self._agenda.clear()
        self._reporter.clear()
        self._courier.clear()
        self.book.clear()

    @asynccontextmanager
    async def playing(self) -> AsyncIterator[None]:
        """Plays while the context lasts; what is not over then breaks off."""
        self._servers += 1
        try:
            yield
        finally:
            self._servers -= 1
            if not self._servers:
                self._agenda.clear()
                self._reporter.clear()
                await self._courier.aclose()
                self.pulse.beat()

    async def played(self) -> None:
        """Returns when every phone is silent for good, and every report was sent."""
        while self._agenda or self._courier:
            await self.pulse.next_beat()
