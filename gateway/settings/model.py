"""Everything that an operator decides, as frozen models: one a table of the file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StrictBool, StrictInt, ValidationInfo, field_validator

from gateway.settings.checks import (
    address,
    base_url,
    client_error,
    each_once,
    key,
    ledger_url,
    matching,
    network,
    operator_reason,
    public_url,
    undocumented_code,
)
from gateway.settings.files import AuthorityFile, CertificateFile, KeyFilePath, PrivateKeyFile
from gateway.settings.mistakes import mistake

Seconds = Annotated[float, Field(strict=True, gt=0, le=3600, allow_inf_nan=False)]
Days = Annotated[int, Field(strict=True, ge=1, le=36_500)]
Address = Annotated[str, address]
Placeholders = Annotated[tuple[Literal["double", "bare", "single"], ...], each_once]


class Section(BaseModel):
    """A table of the file: frozen, and without keys that nobody reads."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=True)


class Tls(Section):
    """Encrypts the gateway's own listener; with `client_ca_file`, only clients that it signed for may connect."""

    certificate_file: CertificateFile
    key_file: PrivateKeyFile
    client_ca_file: AuthorityFile | None = None


class Ledger(Section):
    """Where calls are recorded, and for how many days.

    A relative SQLite path begins at the settings file's folder, or in the environment where the process was started.
    """

    model_config = ConfigDict(revalidate_instances="always")  # the default, too, begins at the file's folder

    url: Annotated[str, ledger_url, Field(repr=False)] = "sqlite:///ledger.db"
    create: StrictBool = True
    keep_days: Days = 30
    erase_days: Days | None = None
    tombstone_days: Days = 400

    @property
    def file(self) -> Path | None:
        """The SQLite file; None where a server keeps the records."""
        scheme, _, file = self.url.partition(":///")
        return Path(file) if scheme == "sqlite" else None

    @field_validator("erase_days")
    @classmethod
    def _not_after_the_record(cls, days: int | None, info: ValidationInfo) -> int | None:
        if days is not None and days > info.data.get("keep_days", days):
            raise mistake("must not be more than keep_days: numbers and texts go with the record at the latest")
        return days

    @field_validator("tombstone_days")
    @classmethod
    def _not_before_the_record(cls, days: int, info: ValidationInfo) -> int:
        if days < info.data.get("keep_days", days):
            raise mistake("must not be less than keep_days: a tombstone is what is left of a record")
        return days


class Provider(Section):
    """How to reach the provider, and how to read what it says; shared by every account. Times in seconds."""

    connect_timeout: Seconds = 3.0
    reply_timeout: Seconds = 20.0
    max_connections: Annotated[int, Field(strict=True, ge=1, le=10_000)] = 100
    keepalive_expiry: Annotated[float, Field(strict=True, ge=0, le=3600, allow_inf_nan=False)] = 5.0
    ca_file: AuthorityFile | None = None
    invalid_number_refuses_all: StrictBool = False
    codes: Mapping[Annotated[str, undocumented_code], Annotated[str, operator_reason]] = {}
    refusing_statuses: tuple[Annotated[StrictInt, client_error], ...] = ()
    allow_http: StrictBool = False


class Receiver(Section):
    """Where the provider's reports arrive, and how they are asked for.

    Placeholders are how a variable is written in the gateway's own URLs: `double` is `{{status}}`, `bare` is `status`,
    `single` is `{status}`; each names every variable once.
    """

    listen: Address
    public_url: Annotated[str, public_url]
    tls: Tls | None = None
    dlr_placeholders: Placeholders = ("double", "bare")
    callback_placeholders: Placeholders = ("double",)
    urls_counted: Literal["per_event", "in_all"] = "per_event"
    stale_after: Annotated[float, Field(strict=True, gt=0, le=90 * 86_400, allow_inf_nan=False)] = 86_400.0
    trusted_proxies: tuple[Annotated[str, network], ...] = ()
    refusals_per_minute: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] = 60


class Watch(Section):
    """How streams of events are kept, and when one about a single call ends. Times in seconds."""

    heartbeat: Seconds = 15.0
    settle: Annotated[float, Field(strict=True, gt=0, le=86_400, allow_inf_nan=False)] = 600.0


class AccountSettings(Section):
    """One account at the provider."""

    base_url: Annotated[str, base_url]
    sid: Annotated[str, matching(r"[A-Za-z0-9_-]{1,64}", "must be 1 to 64 characters of A-Z, a-z, 0-9, _ and -")]
    api_key: Annotated[SecretStr, key] | None = None
    api_key_file: KeyFilePath | None = None
    bridge: Annotated[
        str,
        matching(r"(\+[0-9]{4,15})?", "must be + and 4 to 15 digits"),
        Field(repr=False),
    ] = ""
    only_numbers: Annotated[
        tuple[
            Annotated[
                str,
                matching(
                    r"\+[0-9]{0,15}\*|\+[0-9]{4,15}",
                    "must be + and 4 to 15 digits, or + and the first digits and *",
                ),
            ],
            ...,
        ]
        | None,
        Field(repr=False),
    ] = None

    @field_validator("api_key_file")
    @classmethod
    def _one_key(cls, file: KeyFilePath | None, info: ValidationInfo) -> KeyFilePath | None:
        if "api_key" in info.data and (info.data["api_key"] is None) == (file is None):
            raise mistake("set exactly one of api_key and api_key_file")
        return file


class Log(Section):
    """How the gateway logs."""

    format: Literal["auto", "json", "console"] = "auto"
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


AccountName = Annotated[
    str, matching(r"[a-z0-9][a-z0-9-]{0,62}", "must be 1 to 63 of a-z, 0-9 and -, not beginning with -")
]


class Settings(Section):
    """Everything that an operator decides."""

    listen: Address = "127.0.0.1:50051"
    tls: Tls | None = None
    max_calls_in_flight: Annotated[int, Field(strict=True, ge=1, le=100_000)] = 1000
    drain_grace: Annotated[float, Field(strict=True, ge=0, le=3600, allow_inf_nan=False)] = 30.0
    log: Log = Log()
    ledger: Ledger = Ledger()
    provider: Provider = Provider()
    receiver: Receiver | None = None
    watch: Watch = Watch()
    accounts: Annotated[Mapping[AccountName, AccountSettings], Field(min_length=1)]

    @field_validator("receiver")
    @classmethod
    def _not_where_grpc_is_served(cls, receiver: Receiver | None, info: ValidationInfo) -> Receiver | None:
        if receiver is not None and receiver.listen == info.data.get("listen") and not receiver.listen.endswith(":0"):
            raise mistake("listen must be another address than the gateway's own, where gRPC is served")
        return receiver
