"""SQLite's log is emptied of what was erased: as soon as nobody reads in it any more, and nobody waits for that."""

import asyncio
import sqlite3
from contextlib import contextmanager
from datetime import timedelta

import pytest
from test_retention import RETENTION, keep, on_disk, place
from wishes import reserve, wish

from gateway.ledger.keeper import Keeper
from gateway.ledger.sqlite import file as sqlite_file
from gateway.ledger.sqlite.store import SqliteStore

SECRET = "C-5551234"
LONG, SHORT = 60.0, 20.0
"""Seconds that a connection would wait for a reader, and that it may take without waiting."""


@pytest.fixture
async def store(tmp_path, clock, monkeypatch):
    """A store in a file, whose connections are patient."""
    monkeypatch.setattr(sqlite_file, "PATIENCE", LONG)
    store = SqliteStore(tmp_path / "ledger.db", create=True, in_flight=lambda: 0, now=clock)
    await store.open()
    yield store
    await store.close()


@contextmanager
def somebody_reads(folder):
    """Reads in the file for the whole block, as a backup does."""
    reader = sqlite3.connect(folder / "ledger.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM pause").fetchall()
    yield
    reader.close()


async def due_record(store, clock):
    """Records a call whose time to be erased has come."""
    await place(store, wish(custom=SECRET))
    clock.ahead += timedelta(days=3)


async def test_writes_do_not_wait_until_nobody_reads(store, tmp_path):
    """A reader, such as a backup, may take minutes: the log is left as it is, which is told, and calls go on."""
    await reserve(store, wish())
    async with asyncio.timeout(SHORT):
        with somebody_reads(tmp_path):
            await reserve(store, wish("request-during"))
            done, reserved = await asyncio.gather(store.scrub(), reserve(store, wish("request-new")))
        is_emptied = await store.scrub()

    assert (False, True, True) == (done, reserved.is_mine, is_emptied)
    assert 0 == (tmp_path / "ledger.db-wal").stat().st_size


async def test_writes_do_not_wait_for_a_vacuum_either(store, tmp_path, monkeypatch):
    """It tries again for a moment, and leaves the log to the server then."""
    monkeypatch.setattr("gateway.ledger.sqlite.maintenance.EMPTIED_WITHIN", 0.5)
    async with asyncio.timeout(SHORT):
        with somebody_reads(tmp_path):
            await reserve(store, wish())
            vacuum = asyncio.create_task(store.vacuum())
            while not vacuum.done():
                await reserve(store, wish())
            await vacuum


async def test_what_could_not_be_emptied_is_emptied_later(store, tmp_path, clock):
    """Whoever read has gone: the next step does it, though nothing more is due."""
    await due_record(store, clock)
    keeper = Keeper(store, RETENTION)
    async with asyncio.timeout(SHORT):
        with somebody_reads(tmp_path):
            before = [await keeper.step() for _ in range(2)]
            lingering = SECRET.encode() in on_disk(tmp_path)
        after = await keeper.step()

    assert ([False, False], True, False) == (before, lingering, after)
    assert SECRET.encode() not in on_disk(tmp_path)


async def test_what_a_server_before_could_not_empty_is_emptied(store, tmp_path, clock):
    """It has ended, or was killed; the first step of the next one does it."""
    await due_record(store, clock)
    async with asyncio.timeout(SHORT):
        with somebody_reads(tmp_path):
            await keep(store)
    lingering = SECRET.encode() in on_disk(tmp_path)
    await Keeper(store, RETENTION).step()

    assert lingering
    assert SECRET.encode() not in on_disk(tmp_path)
