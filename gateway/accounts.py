"""The accounts that calls are placed with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.errors import GatewayError
from gateway.keys import FixedKey, KeyFile, KeySource
from gateway.settings import AccountSettings, InvalidSettingsError
from gateway.telemetry import Secrets
from voicegateway.v1.error_reason_pb2 import ERROR_REASON_ACCOUNT_NOT_FOUND

DEFAULT: Final = "default"
"""The account of a request that names none."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account at the provider, ready to dial with.

    Attributes:
        name: The name that callers use.
        url: Where its calls are posted.
        key: Where its key comes from.
        bridge: The number used when a request names none; empty for none.
        only_numbers: Patterns of the numbers that may be called; None for all.
    """

    name: str
    url: str
    key: KeySource
    bridge: str = field(default="", repr=False)
    only_numbers: tuple[str, ...] | None = field(default=None, repr=False)


class Accounts:
    """The configured accounts by name."""

    def __init__(self, accounts: Mapping[str, Account]) -> None:
        self._accounts = dict(accounts)

    def find(self, name: str) -> Account | None:
        """Finds an account, if it is configured; an empty name is `default`."""
        return self._accounts.get(name_of(name))

    def resolve(self, name: str) -> Account:
        """Finds an account; an empty name is `default`.

        Raises:
            GatewayError: ACCOUNT_NOT_FOUND.
        """
        account = self.find(name)
        if account is None:
            raise GatewayError(ERROR_REASON_ACCOUNT_NOT_FOUND)
        return account


def name_of(account: str) -> str:
    """The account that a request means: an empty name is `default`."""
    return account or DEFAULT


def accounts_from(settings: Mapping[str, AccountSettings], secrets: Secrets) -> Accounts:
    """Builds the accounts; their keys become secrets.

    Raises:
        InvalidSettingsError: With every key file that cannot be used.
    """
    accounts: dict[str, Account] = {}
    mistakes: list[str] = []
    for name, account in settings.items():
        try:
            accounts[name] = _account(name, account, secrets)
        except OSError as error:
            mistakes.append(f"accounts.{name}.api_key_file: cannot be read: {error.strerror}")
        except ValueError as error:
            mistakes.append(f"accounts.{name}.api_key_file: {error}")
    if mistakes:
        raise InvalidSettingsError(mistakes)
    return Accounts(accounts)


def _account(name: str, settings: AccountSettings, secrets: Secrets) -> Account:
    return Account(
        name=name,
        url=f"{settings.base_url}/v1/{settings.sid}/voice/outbound",
        key=_key(settings, secrets),
        bridge=settings.bridge,
        only_numbers=settings.only_numbers,
    )


def _key(settings: AccountSettings, secrets: Secrets) -> KeySource:
    if settings.api_key_file is not None:
        return KeyFile(settings.api_key_file, secrets)
    if settings.api_key is None:
        raise ValueError("an account needs a key")
    key = settings.api_key.get_secret_value()
    secrets.add(key)
    return FixedKey(key)
