"""What an operator types. Imports little: every command of the program pays for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from gateway.caller.options import UsageError, time_from

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        help="The settings file that names the ledger. Or set GATEWAY_CONFIG, or GATEWAY_LEDGER_URL.",
        metavar="FILE",
    ),
]
LedgerUrl = Annotated[
    str | None,
    typer.Option("--ledger", help="This ledger; one with a password is safer in GATEWAY_LEDGER_URL.", metavar="URL"),
]
Account = Annotated[str | None, typer.Option(help="The account; by default `default`.", metavar="NAME")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]

LONGEST_TEXT: Final = 500

_ACCOUNT: Final = r"[a-z0-9][a-z0-9-]{0,62}"
_ID: Final = r"[A-Za-z0-9._:-]{8,64}"
_UNIT: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class DispatchWord(StrEnum):
    """What happened to the phones, as an operator types it."""

    SENDING = "sending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NOT_SENT = "not-sent"
    UNKNOWN = "unknown"


class Finding(StrEnum):
    """What an operator found out about an unknown outcome."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Source:
    """Which ledger is meant: by a settings file, by its URL, or by the environment alone."""

    config: Path | None = None
    url: str | None = None

    def __post_init__(self) -> None:
        """Refuses two at once."""
        if self.config is not None and self.url is not None:
            raise UsageError("give --config or --ledger, not both")

    def repeated(self) -> list[str]:
        """The options that name the same ledger in another command; never a password."""
        if self.url is not None:
            return ["--ledger", self.url if self.url.startswith("sqlite:") else "URL"]
        return [] if self.config is None else ["--config", str(self.config)]


def account_from(text: str | None) -> str | None:
    """Reads the name of an account.

    Raises:
        UsageError: It is none.
    """
    if text and not re.fullmatch(_ACCOUNT, text):
        raise UsageError("--account wants a name of a-z, 0-9 and -, such as default")
    return text or None


def id_from(text: str) -> str:
    """Reads a call id or a request id.

    Raises:
        UsageError: It is neither.
    """
    if not re.fullmatch(_ID, text):
        raise UsageError("that is no id: give a call id such as 01M877RN3AC7AHC2K0R8B4D2RF, or a request id")
    return text


def number_from(text: str | None) -> str:
    """Reads a phone number as people write it, and gives its digits; none for none.

    Raises:
        UsageError: It is no number.
    """
    if text is None:
        return ""
    number = re.sub(r"[ ().\-]", "", text)
    if not re.fullmatch(r"\+?[0-9]{4,15}", number):
        raise UsageError("--number wants a whole phone number, such as +13236550107")
    return number.removeprefix("+")


def custom_from(text: str | None) -> str:
    """Reads a `custom` as it was sent; none for none.

    Raises:
        UsageError: It cannot have been sent.
    """
    if text is not None and not re.fullmatch(r"[ -~]{1,100}", text):
        raise UsageError("--custom wants 1 to 100 printable ASCII characters, as they were sent")
    return text or ""


def moment_from(option: str, text: str | None, now: datetime) -> datetime | None:
    """Reads a time that says its offset, or how long ago it was, such as 2h.

    Raises:
        UsageError: It is neither.
    """
    ago = re.fullmatch(r"([0-9]{1,6})([smhd])", text or "")
    if ago:
        try:
            return now.astimezone(UTC) - timedelta(**{_UNIT[ago[2]]: int(ago[1])})
        except OverflowError:
            raise UsageError(f"{option} is too long ago") from None
    try:
        return time_from(option, text)
    except UsageError as error:
        raise UsageError(f"{error}, or how long ago, such as 2h") from None


def one_line(option: str, text: str) -> str:
    """Reads words that are kept in the ledger.

    Raises:
        UsageError: They are too few, too many, or more than a line.
    """
    if not text.strip() or len(text) > LONGEST_TEXT or re.search(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]", text):
        raise UsageError(f"{option} wants 1 to {LONGEST_TEXT} characters on one line")
    return text
