"""One attempt to reach a phone, as far as it got, and the reports that were sent of it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gateway.sandbox.behaviour import Behaviour
from gateway.sandbox.form import ParsedForm
from gateway.sandbox.phone import international
from gateway.sandbox.record import Record
from gateway.sandbox.target import Flow


class State(StrEnum):
    """How far an attempt got."""

    WAITING = "waiting"
    RINGING = "ringing"
    ANSWERED = "answered"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Order:
    """A request that was accepted: its number among all that ever arrived, its record, and what it asks for."""

    request: int
    record: Record
    form: ParsedForm

    def to_json(self) -> dict[str, object]:
        """Returns what tells the request from others."""
        return {
            "number": self.request,
            "arrived": self.record.arrived.isoformat(),
            "custom": self.form.custom or "",
            "verdict": self.record.verdict,
        }


@dataclass(slots=True, kw_only=True)
class Report:
    """A URL that was fetched, or is about to be; `problem` is a few words when no answer came."""

    event: str
    url: str
    sent: datetime | None = None
    http_status: int | None = None
    problem: str = ""

    def to_json(self) -> dict[str, object]:
        """Returns the report as `GET /phones` shows it."""
        return {
            "event": self.event,
            "url": self.url,
            "sent": _text(self.sent),
            "http_status": self.http_status,
            "problem": self.problem,
        }


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One attempt, under a provider call id of its own; the first to reach a phone is number 1.

    `due` is when it is dialed. Times are of the sandbox's clock; `ring_seconds` and `talk_seconds` are what the reports
    tell, whatever the speed. `serial` counts the attempts of all phones, `change` whatever happened to any of them.
    """

    id: str
    order: Order
    number: str
    attempt: int
    behaviour: Behaviour
    due: datetime
    ring_seconds: int
    talk_seconds: int
    state: State = State.WAITING
    status: str = ""
    keypress: str = ""
    started: datetime | None = None
    answered: datetime | None = None
    ended: datetime | None = None
    reports: list[Report] = field(default_factory=list)
    serial: int = 0
    change: int = 0

    @property
    def outcome(self) -> str:
        """The status that it ends with."""
        return self.behaviour.status_of(self.attempt)

    @property
    def has_ended(self) -> bool:
        """Whether nothing more happens to it."""
        return self.state is State.ENDED

    def has_number(self, number: str) -> bool:
        """Tells whether it is to a phone with these digits, with or without the request's prefix."""
        digits = number.strip().removeprefix("+")
        return self.number in {f"+{digits}", international(digits, self.order.form.prefix)}

    def variables(self) -> dict[str, str]:
        """Returns the provider's variables; what is not known yet is empty."""
        form = self.order.form
        bridge = international(form.bridge, form.prefix) if form.bridge else ""
        rang, talked = self.answered or self.has_ended, self.has_ended
        return {
            "id": self.id,
            "status": self.status,
            "ringtime": str(self.ring_seconds) if rang else "",
            "billsec": str(self.talk_seconds) if talked else "",
            "callee": self.number,
            "caller": bridge,
            "bridge": bridge,
            "keypress": self.keypress,
            "credits": str(-(-self.talk_seconds // 60)) if talked else "",
            "flow_id": next((item.flow_id for item in form.target if isinstance(item, Flow)), ""),
            "call_type": "outbound",
        }

    def to_json(self) -> dict[str, object]:
        """Returns the attempt as `GET /phones` shows it."""
        return {
            "id": self.id,
            "number": self.number,
            "attempt": self.attempt,
            "state": self.state,
            "status": self.status,
            "keypress": self.keypress,
            "due": _text(self.due),
            "started": _text(self.started),
            "answered": _text(self.answered),
            "ended": _text(self.ended),
            "ring_seconds": self.ring_seconds if self.answered or self.has_ended else None,
            "talk_seconds": self.talk_seconds if self.has_ended else None,
            "request": self.order.to_json(),
            "reports": [report.to_json() for report in self.reports],
        }


def _text(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()
