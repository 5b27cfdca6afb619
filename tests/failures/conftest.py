"""What tests of a failing ledger have in common."""

import pytest

from gateway.ledger import upkeep
from gateway.ledger.postgresql import pool as postgresql_pool
from gateway.ledger.sqlite import file as sqlite_file
from gateway.ledger.sqlite import writer as sqlite_writer


@pytest.fixture(autouse=True)
def _hurried(monkeypatch):
    """Nothing else of the gateway's patience and upkeep is changed but how long each takes."""
    monkeypatch.setattr(upkeep, "SWEEP_EVERY", 0.2)
    monkeypatch.setattr(postgresql_pool, "PATIENCE", 3.0)
    monkeypatch.setattr(postgresql_pool, "CONNECT_WITHIN", 2.0)
    monkeypatch.setattr(sqlite_file, "PATIENCE", 0.5)
    monkeypatch.setattr(sqlite_writer, "PATIENTLY", "PRAGMA busy_timeout = 500")
