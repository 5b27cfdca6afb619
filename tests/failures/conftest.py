"""What tests of a failing ledger have in common."""

import pytest

from gateway.ledger import postgresql_pool, sqlite_file, sqlite_writer, upkeep


@pytest.fixture(autouse=True)
def _hurried(monkeypatch):
    """Nothing else of the gateway's patience and upkeep is changed but how long each takes."""
    monkeypatch.setattr(upkeep, "SWEEP_EVERY", 0.2)
    monkeypatch.setattr(postgresql_pool, "PATIENCE", 1.0)
    monkeypatch.setattr(postgresql_pool, "CONNECT_WITHIN", 0.5)
    monkeypatch.setattr(sqlite_file, "PATIENCE", 0.5)
    monkeypatch.setattr(sqlite_writer, "_PATIENTLY", "PRAGMA busy_timeout = 500")
