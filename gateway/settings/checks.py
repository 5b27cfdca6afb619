"""What a single setting must look like."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, SecretStr, ValidationInfo

from gateway.kaleyra.reply import OPERATOR_REASONS, REASON_BY_CODE, REASON_BY_STATUS
from gateway.settings.databases import is_understood
from gateway.settings.hosts import is_host
from gateway.settings.mistakes import mistake

_LAST_PORT: Final = 65535

_LONGEST_PUBLIC_URL: Final = 1000
"""Leaves room for the variables: the longest of the gateway's own URLs is then below 2048 characters."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a single setting must be seen with: without it, neither files nor plain http are judged.

    Attributes:
        folder: Where relative paths begin.
        allow_http: Whether plain http is allowed beyond loopback.
    """

    folder: Path
    allow_http: bool


def matching(pattern: str, words: str) -> AfterValidator:
    """Requires that a text matches as a whole."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise mistake(words)
        return text

    return AfterValidator(check)


def is_key(text: str) -> bool:
    """Whether a text can be an API key: a header value that no proxy would bend."""
    return bool(re.fullmatch(r"[!-~]{1,512}", text))


def _key(text: SecretStr) -> SecretStr:
    if not is_key(text.get_secret_value()):
        raise mistake("must be printable ASCII without white space")
    return text


def _address(listen: str) -> str:
    host, _, port = listen.rpartition(":")
    if not host or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > _LAST_PORT:
        raise mistake("must be HOST:PORT, such as 127.0.0.1:50051")
    return listen


def _base_url(url: str, info: ValidationInfo) -> str:
    parts = _plain_url(url, "must be an https URL, such as https://api.kaleyra.io")
    if "v1" in parts.path.split("/"):
        raise mistake("must end before /v1: the gateway adds /v1/SID/voice/outbound")
    surroundings: Surroundings | None = info.context
    if surroundings is not None and not surroundings.allow_http and _is_in_the_clear(parts):
        raise mistake("plain http is for loopback only; use https, or set provider.allow_http")
    return url.rstrip("/")


def _public_url(url: str) -> str:
    """Plain http is allowed: TLS may end elsewhere, and the provider fetches what it is given."""
    _plain_url(url, "must be an http or https URL, such as https://calls.example.com")
    if set(url) & set("{}"):
        raise mistake("must hold no { or }: the provider would take them for a variable")
    if len(url) > _LONGEST_PUBLIC_URL:
        raise mistake(f"must be at most {_LONGEST_PUBLIC_URL} characters")
    return url.rstrip("/")


def _network(text: str) -> str:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        raise mistake("must be an address or a network, such as 10.0.0.7 or 10.0.0.0/8") from None
    return text


def _each_once(items: tuple[str, ...]) -> tuple[str, ...]:
    if not items or len(set(items)) < len(items):
        raise mistake("must name at least one, and none twice")
    return items


def _plain_url(url: str, words: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises when it is no number
    except ValueError:
        raise mistake(words) from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or not re.fullmatch(r"[!-~]+", url):
        raise mistake(words)
    if set(url) & set("?#@"):  # an empty query, too, would swallow the path that is added
        raise mistake("must hold no user, query or fragment")
    if not is_host(re.sub(r":[0-9]*$", "", parts.netloc)):
        raise mistake("must name a host: an IP address, or a name of letters, digits, - and _ between dots")
    return parts


def _is_in_the_clear(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    return parts.scheme == "http" and not loopback


def _ledger_url(url: str, info: ValidationInfo) -> str:
    if not re.fullmatch(r"(?s)sqlite:///[^?#]+|postgres(ql)?://.+", url):
        raise mistake("must be sqlite:///FILE or postgresql://USER@HOST/DATABASE")
    if not url.startswith("sqlite:") and not is_understood(url):
        raise mistake(
            "cannot be understood as postgresql://USER:PASSWORD@HOST:PORT/DATABASE?NAME=VALUE: percent-encode what a "
            "name or a password holds of / ? # @ [ ] % &, such as %2F for /"
        )
    surroundings: Surroundings | None = info.context
    return url if surroundings is None else absolute_ledger(url, surroundings.folder)


def absolute_ledger(url: str, folder: Path) -> str:
    """Writes the URL of a SQLite file with its whole path, as from a folder; leaves others alone."""
    scheme, separator, file = url.partition(":///")
    return f"sqlite:///{folder / file}" if scheme == "sqlite" and separator else url


def _undocumented_code(code: str) -> str:
    if code in REASON_BY_CODE:
        raise mistake("is a code that the provider documents; it cannot be changed")
    return code


def _operator_reason(reason: str) -> str:
    if reason not in OPERATOR_REASONS:
        raise mistake(f"must be one of {', '.join(OPERATOR_REASONS)}")
    return reason


def _client_error(status: int) -> int:
    if not 400 <= status <= 499:  # noqa: PLR2004
        raise mistake("is no 4xx status: it proves no refusal")
    if status in REASON_BY_STATUS:
        raise mistake("has a meaning already; leave it out")
    return status


address: Final = AfterValidator(_address)
base_url: Final = AfterValidator(_base_url)
client_error: Final = AfterValidator(_client_error)
each_once: Final = AfterValidator(_each_once)
key: Final = AfterValidator(_key)
ledger_url: Final = AfterValidator(_ledger_url)
network: Final = AfterValidator(_network)
operator_reason: Final = AfterValidator(_operator_reason)
public_url: Final = AfterValidator(_public_url)
undocumented_code: Final = AfterValidator(_undocumented_code)
