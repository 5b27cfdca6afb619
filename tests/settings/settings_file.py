"""A settings file as a test writes it."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.settings import InvalidSettingsError, load

KEY = "Zq7-a-key-nobody-may-see"

SAMPLE = """
listen = "127.0.0.1:50051"

[ledger]
url = "sqlite:///ledger.db"                # or postgresql://user@host/database
create = true                              # false: a missing ledger stops the start

[provider]                                 # every account shares these
connect_timeout = 3.0                      # seconds
reply_timeout = 20.0                       # seconds, in all, from the first byte sent to the last one read
invalid_number_refuses_all = false
codes = { RBC9999 = "PROVIDER_REFUSED" }   # default {}
refusing_statuses = [403]                  # default []
allow_http = false                         # plain http is for loopback only, unless set

[receiver]                                 # off when absent
listen = "127.0.0.1:8081"
public_url = "https://calls.example.com"

[accounts.default]                         # the account named "default" is the default
base_url = "https://api.kaleyra.io"
sid = "HXXXXXXX071US"
api_key_file = "kaleyra.key"               # or api_key = "..."; a file is re-read when it changes
bridge = "+13236550100"                    # used when a request names none
only_numbers = ["+1323655*"]               # when set, every other number is refused
"""
"""The contract's own example."""

ENOUGH = {"KALEYRA_BASE_URL": "https://api.kaleyra.io", "KALEYRA_SID": "S", "KALEYRA_API_KEY": KEY}

ACCOUNT = f'\n[accounts.default]\nbase_url = "https://api.kaleyra.io"\nsid = "S"\napi_key = "{KEY}"\n'
"""An account, to end a file with."""


def written(folder: Path, text: str) -> Path:
    """Writes a settings file, and the key that the sample names beside it."""
    (folder / "kaleyra.key").write_text(KEY + "\n")
    file = folder / "gateway.toml"
    file.write_text(text)
    return file


def mistakes_in(folder: Path, text: str, environment: Mapping[str, str] = {}) -> list[str]:
    with pytest.raises(InvalidSettingsError) as caught:
        load(written(folder, text), environment)
    return caught.value.mistakes
