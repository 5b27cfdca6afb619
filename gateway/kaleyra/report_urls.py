"""The gateway's own URLs in a call: which events get one, and what it asks the provider for: pure.

Source: facts about the provider, "What comes back later": each variable may be written in three ways, and which one is
substituted is unknown; whether the limit of 10 URLs holds for one event or for all three is unknown, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from gateway.kaleyra.reports import VARIABLES, ReportKind
from gateway.settings import Receiver
from voicegateway.v1.outbound_call_pb2 import Callbacks

MOST_URLS: Final = 10
"""The provider's limit."""

DRY_TOKEN: Final = "TOKEN"  # noqa: S105 - the contract's literal, which nobody is let in with
"""Stands in a dry run where the gateway puts a token of the call's own."""

EVENTS: Final = (ReportKind.START.value, ReportKind.ANSWER.value, ReportKind.END.value)
"""The provider's events in the order of the contract's fields, which have the same names."""

_LAST_FIRST: Final = tuple(reversed(EVENTS))

_VARIABLE_BY_PLACEHOLDER: Final[Mapping[str, str]] = {
    "double": "a_{name}={{{{{name}}}}}",
    "bare": "b_{name}={name}",
    "single": "c_{name}={{{name}}}",
}
"""How each way of writing a variable asks for it; the prefix tells which one was substituted."""


@dataclass(frozen=True, slots=True)
class ReportUrls:
    """The URLs of one attempt at a call: they bear its token, which is never shown."""

    _address: ReportAddress
    token: str = field(repr=False)

    @property
    def dlr(self) -> str:
        """The URL for `dlrurl`."""
        return f"{self._address.base}{self.token}{self._address.dlr_rest}"

    def of_events(self, callbacks: Callbacks) -> dict[str, str]:
        """Gives each event that has room its URL, by the event's name."""
        address, start = self._address, f"{self._address.base}{self.token}/"
        return {event: f"{start}{event}{address.event_rest}" for event in address.events(callbacks)}


@dataclass(frozen=True, slots=True)
class ReportAddress:
    """Where reports are asked for, whatever the call; built once, so that a call costs a few joined texts.

    Attributes:
        base: What every URL begins with, up to the token.
        dlr_rest: What follows the token in `dlrurl`.
        event_rest: What follows the event's name in a callback's URL.
        in_all: Whether the provider's limit holds for all events together.
    """

    base: str
    dlr_rest: str
    event_rest: str
    in_all: bool

    @classmethod
    def of(cls, receiver: Receiver) -> Self:
        """Builds it from the settings."""
        return cls(
            base=f"{receiver.public_url}/reports/",
            dlr_rest=_query(receiver.dlr_placeholders),
            event_rest=_query(receiver.callback_placeholders),
            in_all=receiver.urls_counted == "in_all",
        )

    def with_token(self, token: str) -> ReportUrls:
        """Gives the URLs that bear a token."""
        return ReportUrls(self, token)

    def events(self, callbacks: Callbacks) -> tuple[str, ...]:
        """Names the events that have room for one more URL; where all share the room, the end of a call goes first."""
        counts = {event: len(getattr(callbacks, event).urls) for event in _LAST_FIRST}
        if self.in_all:
            return _LAST_FIRST[: max(MOST_URLS - sum(counts.values()), 0)]
        return tuple(event for event, count in counts.items() if count < MOST_URLS)


def _query(placeholders: Iterable[str]) -> str:
    """Asks for every variable in each of the ways, with literal braces: what the provider looks for."""
    ways = [_VARIABLE_BY_PLACEHOLDER[placeholder] for placeholder in placeholders]
    return "?" + "&".join(way.format(name=name) for name in VARIABLES for way in ways)
