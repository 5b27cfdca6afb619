"""The file and the environment, read once and turned into frozen settings; nothing else reads either.

Every mistake is found at once and named by its place in the file, such as `accounts.default.sid`. Values are never
part of a mistake: one of them might be a key.
"""

from __future__ import annotations

import difflib
import ipaddress
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from gateway.kaleyra.reply import OPERATOR_REASONS, REASON_BY_CODE, REASON_BY_STATUS

PATH_BY_VARIABLE: Final[Mapping[str, tuple[str, ...]]] = {
    "KALEYRA_BASE_URL": ("accounts", "default", "base_url"),
    "KALEYRA_SID": ("accounts", "default", "sid"),
    "KALEYRA_API_KEY": ("accounts", "default", "api_key"),
    "KALEYRA_API_KEY_FILE": ("accounts", "default", "api_key_file"),
    "GATEWAY_LISTEN": ("listen",),
    "GATEWAY_LEDGER_URL": ("ledger", "url"),
}
"""The environment's variables and the settings that they set, over the file's."""

ACCOUNT_NEEDED: Final = (
    ": configure one, as [accounts.default] in the file or by KALEYRA_BASE_URL, KALEYRA_SID and KALEYRA_API_KEY"
)

Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]


class InvalidSettingsError(Exception):
    """Says everything that is wrong with the settings, a line each."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class Section(BaseModel):
    """A table of the file: frozen, and without keys that nobody reads."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Tls(Section):
    """Encrypts the gateway's own listener; with `client_ca`, only clients that it signed for may connect."""

    certificate_file: Path
    key_file: Path
    client_ca_file: Path | None = None


class Ledger(Section):
    """Where calls are recorded."""

    url: str = "sqlite:///ledger.db"
    create: bool = True

    @field_validator("url")
    @classmethod
    def _of_a_known_kind(cls, url: str) -> str:
        if not re.match(r"(sqlite:///.|postgres(ql)?://.)", url):
            raise _mistake("must be sqlite:///FILE or postgresql://USER@HOST/DATABASE")
        return url


class Provider(Section):
    """How to reach the provider, and how to read what it says; shared by every account. Times in seconds."""

    connect_timeout: Seconds = 3.0
    reply_timeout: Seconds = 20.0
    max_connections: Annotated[int, Field(ge=1, le=10_000)] = 100
    keepalive_expiry: Annotated[float, Field(ge=0, le=3600)] = 5.0
    ca_file: Path | None = None
    invalid_number_refuses_all: bool = False
    codes: Mapping[str, str] = {}
    refusing_statuses: tuple[int, ...] = ()
    allow_http: bool = False

    @field_validator("codes")
    @classmethod
    def _within_the_contract(cls, codes: Mapping[str, str]) -> Mapping[str, str]:
        for code, reason in codes.items():
            if code in REASON_BY_CODE:
                raise _mistake(f"{code} is a code that the provider documents; it cannot be changed")
            if reason not in OPERATOR_REASONS:
                raise _mistake(f"{code} must be one of {', '.join(sorted(OPERATOR_REASONS))}")
        return codes

    @field_validator("refusing_statuses")
    @classmethod
    def _client_errors_without_a_meaning(cls, statuses: tuple[int, ...]) -> tuple[int, ...]:
        for status in statuses:
            if not 400 <= status <= 499:  # noqa: PLR2004
                raise _mistake(f"{status} is no 4xx status: it proves no refusal")
            if status in REASON_BY_STATUS:
                raise _mistake(f"{status} has a meaning already; leave it out")
        return statuses


class Receiver(Section):
    """Where the provider's reports arrive."""

    listen: str
    public_url: str


class AccountSettings(Section):
    """One account at the provider."""

    base_url: str
    sid: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    api_key: SecretStr | None = None
    api_key_file: Path | None = None
    bridge: Annotated[str, Field(pattern=r"^(\+[0-9]{4,15})?$")] = ""
    only_numbers: tuple[Annotated[str, Field(pattern=r"^(\+[0-9]{0,15}\*|\+[0-9]{4,15})$")], ...] | None = None

    @field_validator("base_url")
    @classmethod
    def _a_plain_base(cls, url: str) -> str:
        parts = _split(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise _mistake("must be an https URL, such as https://api.kaleyra.io")
        if parts.query or parts.fragment or parts.username is not None:
            raise _mistake("must hold no user, query or fragment")
        if "v1" in parts.path.split("/"):
            raise _mistake("must end before /v1: the gateway adds /v1/SID/voice/outbound")
        return url.rstrip("/")

    @field_validator("api_key")
    @classmethod
    def _printable(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and not is_key(key.get_secret_value()):
            raise _mistake("must be printable ASCII without white space")
        return key

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        if (self.api_key is None) == (self.api_key_file is None):
            raise _mistake("set exactly one of api_key and api_key_file")
        return self


class Log(Section):
    """How the gateway logs."""

    format: Literal["auto", "json", "console"] = "auto"
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class Settings(Section):
    """Everything that an operator decides."""

    listen: str = "127.0.0.1:50051"
    tls: Tls | None = None
    max_calls_in_flight: Annotated[int, Field(ge=1, le=100_000)] = 1000
    drain_grace: Annotated[float, Field(ge=0, le=3600)] = 30.0
    log: Log = Log()
    ledger: Ledger = Ledger()
    provider: Provider = Provider()
    receiver: Receiver | None = None
    accounts: Mapping[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")], AccountSettings]

    @field_validator("listen")
    @classmethod
    def _host_and_port(cls, listen: str) -> str:
        host, _, port = listen.rpartition(":")
        if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:  # noqa: PLR2004
            raise _mistake("must be HOST:PORT, such as 127.0.0.1:50051")
        return listen

    @field_validator("accounts")
    @classmethod
    def _at_least_one(cls, accounts: Mapping[str, AccountSettings]) -> Mapping[str, AccountSettings]:
        if not accounts:
            raise _mistake("configure at least one account, usually [accounts.default]")
        return accounts

    def plain_http_mistakes(self) -> list[str]:
        """Names the accounts that would send phone numbers and the key in the clear."""
        return [
            f"accounts.{name}.base_url: plain http is for loopback only; use https, or set provider.allow_http"
            for name, account in self.accounts.items()
            if not self.provider.allow_http and _in_the_clear(account.base_url)
        ]


def load(file: Path | None, environment: Mapping[str, str]) -> Settings:
    """Reads the settings from a TOML file, if any, and the environment; the environment wins.

    Relative paths in the file are relative to the file.

    Raises:
        InvalidSettingsError: With every mistake at once.
    """
    document = {} if file is None else _document(file)
    overlay(document, environment)
    try:
        settings = Settings.model_validate(document)
    except ValidationError as error:
        raise InvalidSettingsError([_described(each) for each in error.errors()]) from None
    if file is not None:
        settings = _resolved(settings, file.parent)
    mistakes = settings.plain_http_mistakes()
    if mistakes:
        raise InvalidSettingsError(mistakes)
    return settings


def overlay(document: dict[str, Any], environment: Mapping[str, str]) -> dict[str, str]:
    """Sets what the environment says over a document. Returns the variable behind each setting it set, by its path."""
    source: dict[str, str] = {}
    for variable, path in PATH_BY_VARIABLE.items():
        value = environment.get(variable, "")
        if not value:
            continue
        table = document
        for step in path[:-1]:
            table = table.setdefault(step, {})
            if not isinstance(table, dict):
                break
        else:
            table[path[-1]] = value
            source[".".join(path)] = variable
    _prefer_the_key_of_the_environment(document, source)
    return source


def effective(settings: Settings, file: Path | None, environment: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Lists every setting in force: its path, its value as TOML with keys hidden, and where it comes from."""
    document = {} if file is None else _document(file)
    given = set(_leaves(document))
    variables = overlay(document, environment)
    for path, value in _leaves(settings.model_dump()).items():
        if value is not None:
            yield path, _shown(value), variables.get(path, "" if path in given else "default")


def _leaves(table: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    leaves: dict[str, Any] = {}
    for name, value in table.items():
        inner = isinstance(value, Mapping) and value
        leaves |= _leaves(value, f"{path}{name}.") if inner else {f"{path}{name}": value}
    return leaves


def _shown(value: Any) -> str:
    if isinstance(value, SecretStr):
        return "[hidden]"
    if isinstance(value, tuple | list):
        return json.dumps(list(value))
    return json.dumps(str(value) if isinstance(value, Path) else value)


def _prefer_the_key_of_the_environment(document: dict[str, Any], source: Mapping[str, str]) -> None:
    """Drops the file's own key where the environment names one of the other kind."""
    for given, other in (("api_key", "api_key_file"), ("api_key_file", "api_key")):
        if f"accounts.default.{given}" in source and f"accounts.default.{other}" not in source:
            document["accounts"]["default"].pop(other, None)


def _document(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidSettingsError([f"{file}: cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise InvalidSettingsError([f"{file}: is not UTF-8"]) from None
    except tomllib.TOMLDecodeError as error:
        raise InvalidSettingsError([f"{file}: is not TOML: {error}"]) from None


def _described(error: Any) -> str:
    path = ".".join(str(step) for step in error["loc"] if step != "[key]")
    words = {"missing": "is required", "extra_forbidden": "is no setting"}
    description = words.get(error["type"], error["msg"])
    if error["type"] == "extra_forbidden":
        description += _nearest(error["loc"])
    variable = next((name for name, place in PATH_BY_VARIABLE.items() if ".".join(place) == path), "")
    if error["type"] == "missing":
        description += f" (or set {variable})" if variable else ""
        description += ACCOUNT_NEEDED if path == "accounts" else ""
    return f"{path}: {description}"


def _nearest(path: tuple[Any, ...]) -> str:
    """Guesses which setting was meant, from those of the same table."""
    names = _SETTINGS_BY_TABLE.get(str(path[0]) if len(path) > 1 else "", ())
    near = difflib.get_close_matches(str(path[-1]), names, n=1)
    return f"; did you mean {near[0]}?" if near else ""


_SETTINGS_BY_TABLE: Final[Mapping[str, tuple[str, ...]]] = {
    "": tuple(Settings.model_fields),
    "accounts": tuple(AccountSettings.model_fields),
    "ledger": tuple(Ledger.model_fields),
    "log": tuple(Log.model_fields),
    "provider": tuple(Provider.model_fields),
    "receiver": tuple(Receiver.model_fields),
    "tls": tuple(Tls.model_fields),
}


def _resolved(settings: Settings, folder: Path) -> Settings:
    """Reads relative paths from the file's own folder, wherever the gateway is started."""
    accounts = {
        name: account.model_copy(update=_absolute(account, folder)) for name, account in settings.accounts.items()
    }
    provider = settings.provider.model_copy(update=_absolute(settings.provider, folder))
    tls = settings.tls and settings.tls.model_copy(update=_absolute(settings.tls, folder))
    return settings.model_copy(update={"accounts": accounts, "provider": provider, "tls": tls})


def _absolute(section: Section, folder: Path) -> dict[str, Path]:
    return {name: folder / value for name, value in section if isinstance(value, Path)}


def is_key(text: str) -> bool:
    """Whether a text can be an API key: a header value that no proxy would bend."""
    return bool(re.fullmatch(r"[!-~]{1,512}", text))


def _in_the_clear(url: str) -> bool:
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    return parts.scheme == "http" and not loopback


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises when it is no number
    except ValueError:
        raise _mistake("is no URL") from None
    return parts


def _mistake(text: str) -> PydanticCustomError:
    return PydanticCustomError("setting", "{text}", {"text": text})
