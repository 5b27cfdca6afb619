"""The file and the environment, read once and turned into frozen settings; nothing else reads either.

Every mistake is found at once and named by its place in the file, such as `accounts.default.sid`. Values are never
part of a mistake: one of them might be a key.
"""

from gateway.settings.loading import PATH_BY_VARIABLE, load
from gateway.settings.mistakes import InvalidSettingsError
from gateway.settings.model import AccountSettings, Ledger, Log, Provider, Receiver, Settings, Tls, Watch
from gateway.settings.shown import effective

__all__ = [
    "PATH_BY_VARIABLE",
    "AccountSettings",
    "InvalidSettingsError",
    "Ledger",
    "Log",
    "Provider",
    "Receiver",
    "Settings",
    "Tls",
    "Watch",
    "effective",
    "load",
]
