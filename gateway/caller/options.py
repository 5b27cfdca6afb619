"""What a person asks for on the command line. Imports little: every command of the program pays for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from gateway.caller.server import LOCAL, Server

PLAYED: Final = ("--say", "--language", "--speed", "--sound")
"""The options that make a playlist, in whatever order they are given."""


class UsageError(Exception):
    """Says what is wrong with the command line, and the way out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a person asked for; numbers in seconds.

    Attributes:
        played: `--say`, `--language`, `--speed` and `--sound` with their values, in the order given.
        at: When the call starts.
    """

    to: Sequence[str] = ()
    flow: str | None = None
    played: Sequence[tuple[str, str]] = ()
    prefix: str | None = None
    bridge: str | None = None
    delay: int | None = None
    at: datetime | None = None
    retry: int | None = None
    interval: int | None = None
    timeout: int | None = None
    custom: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """How a call is sent, beside what it is."""

    file: str | None = None
    request_id: str | None = None
    account: str | None = None
    dial_before: datetime | None = None
    dry_run: bool = False
    as_json: bool = False
    wait: bool = False
    server: Server = field(default_factory=Server)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is followed: one call, by one of its ids, or all calls of an account.

    Attributes:
        after: Goes on after this event; None for a call's beginning, or for an account from now on.
        is_empty: An id was given and is empty: somebody meant a call, and not all of them.
    """

    call_id: str = ""
    request_id: str = ""
    account: str = ""
    after: int | None = None
    is_empty: bool = False

    @property
    def is_one_call(self) -> bool:
        """Whether it has an end."""
        return bool(self.call_id or self.request_id)


def server_from(address: str, *, tls: bool, authority: Path | None) -> Server:
    """Reads which gateway is meant.

    Raises:
        UsageError: The address is empty.
    """
    if not address.strip():
        raise UsageError(
            f"--server is empty, as of a variable that is not set: give HOST:PORT, or leave it out for {LOCAL}"
        )
    return Server(address, tls, authority)


def time_from(option: str, text: str | None) -> datetime | None:
    """Reads a time that says its offset.

    Raises:
        UsageError: It is no such time.
    """
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
        if time.tzinfo is not None:
            return time.astimezone(UTC)
    except (ValueError, OverflowError):  # the first and the last hours of all years overflow in UTC
        pass
    raise UsageError(f"{option} wants a time with its offset, such as 2026-12-01T09:00:00+01:00")
