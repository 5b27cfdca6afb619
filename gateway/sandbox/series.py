"""One phone of one request: it rings, and rings again while the request's own `retry` says so."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random
from uuid import UUID

from gateway.sandbox import reporter
from gateway.sandbox.agenda import Agenda
from gateway.sandbox.attempt import Attempt, Order, State
from gateway.sandbox.behaviour import (
    ANSWER,
    DIAL_SECONDS,
    RING_SECONDS,
    RING_SECONDS_BY_STATUS,
    TALK_SECONDS,
    Behaviour,
)
from gateway.sandbox.phone_book import PhoneBook
from gateway.sandbox.redial import UNASKED_INTERVAL_SECONDS, Redials
from gateway.sandbox.reporter import Reporter


@dataclass(frozen=True, slots=True)
class Stage:
    """What every phone is played on; `speed` is how many times as fast as real time."""

    agenda: Agenda
    book: PhoneBook
    reporter: Reporter
    now: Callable[[], datetime]
    speed: float


class Series:
    """The attempts to reach one phone, one after the other. The same seed makes the same ones."""

    def __init__(self, stage: Stage, order: Order, number: str, behaviour: Behaviour, seed: int) -> None:
        self._stage = stage
        self._order = order
        self._number = number
        self._behaviour = behaviour
        self._seed = seed
        self._redials = Redials(order.form.retry)
        self._attempts = 0

    def begin(self) -> None:
        """Has the phone dialed when the request asked for it."""
        form = self._order.form
        ahead = (form.time - self._order.record.arrived).total_seconds() if form.time else 0.0
        self._wait(max(ahead, form.delay or 0))

    def _wait(self, seconds: float) -> None:
        self._attempts += 1
        random = Random(f"{self._seed} {self._attempts}")  # noqa: S311 - it plays, and guards nothing
        seconds += random.uniform(*DIAL_SECONDS)
        attempt = self._attempt(random, seconds)
        self._stage.book.add(attempt)
        self._stage.agenda.after(seconds, partial(self._dial, attempt))

    def _attempt(self, random: Random, seconds: float) -> Attempt:
        outcome = self._behaviour.status_of(self._attempts)
        ring = random.randint(*RING_SECONDS_BY_STATUS.get(outcome, RING_SECONDS))
        talk = random.randint(*TALK_SECONDS)
        return Attempt(
            id=str(UUID(int=random.getrandbits(128), version=4)),
            order=self._order,
            number=self._number,
            attempt=self._attempts,
            behaviour=self._behaviour,
            due=self._stage.now() + timedelta(seconds=seconds / self._stage.speed),
            ring_seconds=ring if self._behaviour.dialed else 0,
            talk_seconds=talk if outcome == ANSWER else 0,
        )

    def _dial(self, attempt: Attempt) -> None:
        if not self._behaviour.dialed:
            return self._end(attempt)
        attempt.state, attempt.started = State.RINGING, self._stage.now()
        self._tell(attempt, reporter.START)
        then = self._answer if attempt.outcome == ANSWER else self._end
        return self._stage.agenda.after(attempt.ring_seconds, partial(then, attempt))

    def _answer(self, attempt: Attempt) -> None:
        attempt.state, attempt.answered = State.ANSWERED, self._stage.now()
        self._tell(attempt, reporter.ANSWERED)
        if self._behaviour.keypress:
            self._stage.agenda.after(attempt.talk_seconds / 2, partial(self._press, attempt))
        self._stage.agenda.after(attempt.talk_seconds, partial(self._end, attempt))

    def _press(self, attempt: Attempt) -> None:
        attempt.keypress = self._behaviour.keypress
        self._stage.book.touch(attempt)

    def _end(self, attempt: Attempt) -> None:
        attempt.state, attempt.ended, attempt.status = State.ENDED, self._stage.now(), attempt.outcome
        self._tell(attempt, reporter.END)
        if self._behaviour.dialed and self._redials.take(attempt.status):
            self._wait(self._order.form.interval or UNASKED_INTERVAL_SECONDS)

    def _tell(self, attempt: Attempt, event: str) -> None:
        self._stage.book.touch(attempt)
        self._stage.reporter.tell(attempt, event)
