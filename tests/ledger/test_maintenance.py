"""What an operator does to a ledger, beside the server that serves from it."""

import asyncio
import sqlite3
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from wishes import reserve, wish

from gateway.clock import utc_now
from gateway.ledger import transitions
from gateway.ledger.migrations import migrations
from gateway.ledger.postgresql import schema as postgresql_schema
from gateway.ledger.postgresql.store import PostgresqlStore
from gateway.ledger.record import Stage
from gateway.ledger.sqlite import file as sqlite_file
from gateway.ledger.sqlite import maintenance as sqlite_maintenance
from gateway.ledger.sqlite import store as sqlite_store
from gateway.ledger.sqlite.filelock import FileLock
from gateway.ledger.sqlite.store import SqliteStore
from gateway.ledger.store import LedgerStartError, MaintenanceError, Pause
from gateway.ledger.transitions import Outcome
from voicegateway.v1.outbound_call_pb2 import DISPATCH_ACCEPTED, DISPATCH_SENDING


def store_at(file, *, create=True):
    return SqliteStore(file, create=create, in_flight=lambda: 0, now=utc_now)


@asynccontextmanager
async def opened(store, **how):
    await store.open(**how)
    try:
        yield store
    finally:
        await store.close()


@pytest.fixture
def beside(request, store, tmp_path, clock):
    """A second store on the ledger of the first, as the command line builds it."""
    if isinstance(store, SqliteStore):
        return SqliteStore(tmp_path / "ledger.db", create=True, in_flight=lambda: 0, now=clock)
    return PostgresqlStore(request.getfixturevalue("database"), create=True, ahead=lambda: clock.ahead)


async def test_an_operator_works_beside_a_server(store, beside):
    """What either writes, the other reads; and what is on its way is not taken for a dead server's."""
    sent = (await reserve(store, wish())).record
    async with opened(beside, beside_a_server=True):
        assert not beside.is_alone
        assert sent == await beside.find(sent.key)
        await beside.pause("a reason")
        accepted = await beside.change(
            sent.key,
            lambda found, now: transitions.finish(found, sent.attempt, sent.owner, Outcome(error=None), now),
        )

    assert accepted.record == await store.find(sent.key)
    assert "a reason" == (await store.paused()).reason


async def test_a_ledger_can_be_looked_over(store, clock):
    """How many of which kind, from when, how much room, and whether dialing is paused."""
    assert {} == (await store.info()).by_dispatch
    first = (await reserve(store, wish("request-a"))).record
    second = (await reserve(store, wish("request-b"))).record
    last = (await reserve(store, wish("request-c"))).record
    await store.change(
        last.key, lambda found, _: found and replace(found, dispatch=DISPATCH_ACCEPTED, stage=Stage.TOMBSTONE)
    )
    await store.pause("a reason")
    before = await store.info()
    clock.ahead += timedelta(seconds=28)
    after = await store.info()

    assert {DISPATCH_SENDING: 2, DISPATCH_ACCEPTED: 1} == before.by_dispatch
    assert {Stage.WHOLE: 2, Stage.TOMBSTONE: 1} == before.by_stage
    assert (first.created, last.created) == (before.oldest, before.newest)
    assert first.created < second.created < last.created
    assert (0, 2) == (before.overdue, after.overdue)
    assert (len(migrations("sqlite")), await store.paused()) == (before.schema, before.pause)
    assert before.size > 10_000


async def test_an_empty_ledger_can_be_looked_over(store):
    """There is no oldest call."""
    info = await store.info()

    assert (None, None, 0, None) == (info.oldest, info.newest, info.overdue, info.pause)


async def test_where_a_ledger_is_told_without_its_password(database, tmp_path):
    """What is printed at a terminal is read by others."""
    async with opened(PostgresqlStore(database.replace("postgres@", "postgres:hidden@"), create=True)) as store:
        place = (await store.info()).place
    async with opened(store_at(tmp_path / "ledger.db")) as store:
        file = (await store.info()).place

    assert "hidden@" not in place
    assert database.rpartition("@")[2] in place
    assert str(tmp_path / "ledger.db") == file


async def test_whether_a_server_has_the_file_is_told(tmp_path):
    """An operator sees it, and so does the server itself."""
    operator, server = store_at(tmp_path / "ledger.db"), store_at(tmp_path / "ledger.db")
    async with opened(server), opened(operator, beside_a_server=True):
        served = (await server.info()).is_served, (await operator.info()).is_served
        await server.close()
        gone = (await operator.info()).is_served

    assert ((True, True), False) == (served, gone)


def test_whoever_looks_whether_a_lock_is_held_keeps_none_from_taking_it(tmp_path, monkeypatch):
    """A look holds the lock for a moment; whoever wants it just then tries again, and not for ever."""
    looking, server = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    looking.acquire()
    with pytest.raises(BlockingIOError):
        server.acquire()
    monkeypatch.setattr("gateway.ledger.sqlite.filelock.time.sleep", lambda _: looking.release())
    server.acquire()

    assert (True, True) == (server.is_held(), looking.is_held())
    server.release()
    assert (False, False) == (server.is_held(), FileLock(tmp_path / "none").is_held())


async def test_nothing_is_made_beside_a_server(tmp_path, database):
    """A mistyped path is told, and no empty ledger is left behind."""
    with pytest.raises(LedgerStartError, match=r"see ledger\.url"):
        await store_at(tmp_path / "ledger.db").open(beside_a_server=True)
    with pytest.raises(LedgerStartError, match=r"see ledger\.url"):
        await PostgresqlStore(database, create=True).open(beside_a_server=True)

    assert [] == list(tmp_path.iterdir())


@pytest.mark.usefixtures("store")
async def test_another_schema_is_refused_beside_a_server(beside, monkeypatch):
    """An older one is brought up to date by a server's start alone, a newer one wants a newer program."""
    today = len(migrations("sqlite"))
    for known, way_out in ((today + 1, "start the gateway once"), (today - 1, "upgrade the gateway")):
        for module in (sqlite_store, sqlite_file, postgresql_schema):
            monkeypatch.setattr(module, "migrations", lambda _, known=known: [""] * known)
        with pytest.raises(LedgerStartError, match=way_out):
            await beside.open(beside_a_server=True)


async def test_a_backup_is_the_ledger_at_one_moment_while_the_server_goes_on(tmp_path, monkeypatch):
    """All that was answered before it is in it, and it opens as a ledger; calls are recorded meanwhile."""
    monkeypatch.setattr(sqlite_maintenance, "PAGES", 2)
    monkeypatch.setattr(sqlite_maintenance, "BREATH", 0.02)
    async with opened(store_at(tmp_path / "ledger.db")) as store:
        before = [(await reserve(store, wish(f"before-{number}"))).record for number in range(200)]
        copying = asyncio.create_task(store.backup(tmp_path / "copy.db"))
        during = []
        for number in count():
            during.append((await reserve(store, wish(f"during-{number}"))).record)
            if copying.done():
                break
        await copying
    async with opened(store_at(tmp_path / "copy.db", create=False)) as copy:
        kept = await copy.find_many([record.key for record in before])
        later = await copy.find(during[-1].key)

    assert {record.key: record for record in before} == {record.key: record for record in kept}
    assert len(during) > 5
    assert later is None


async def test_a_backup_overwrites_nothing(tmp_path):
    """Neither a file of that name nor a backup that is under way; and a failed one leaves nothing behind."""
    (tmp_path / "there.db").write_text("mine")
    (tmp_path / "half.db.part").write_text("theirs")
    async with opened(store_at(tmp_path / "ledger.db")) as store:
        for target, words in (
            ("there.db", "choose another name"),
            ("half.db", "another backup is under way, or remove it"),
            ("no/folder.db", "cannot be made: No such file or directory"),
        ):
            with pytest.raises(MaintenanceError, match=words):
                await store.backup(tmp_path / target)

    assert ("mine", "theirs") == ((tmp_path / "there.db").read_text(), (tmp_path / "half.db.part").read_text())
    assert {"there.db", "half.db.part", "ledger.db", "ledger.db.lock"} == {file.name for file in tmp_path.iterdir()}


async def test_a_backup_of_a_damaged_ledger_is_none(tmp_path):
    """Whoever relies on it would learn too late."""
    async with opened(store_at(tmp_path / "ledger.db")) as store:
        for number in range(100):
            await reserve(store, wish(f"request-{number}"))
    content = bytearray((tmp_path / "ledger.db").read_bytes())
    content[3 * 4096 : 8 * 4096] = b"\xaa" * (5 * 4096)
    (tmp_path / "ledger.db").write_bytes(content)
    with pytest.raises(MaintenanceError, match="the copy is damaged"):
        await asyncio.to_thread(sqlite_maintenance.backup, tmp_path / "ledger.db", tmp_path / "copy.db")

    assert [] == list(tmp_path.glob("copy*"))


async def test_a_server_is_backed_up_by_its_own_tools(database, tmp_path):
    """The error says by which."""
    async with opened(PostgresqlStore(database, create=True)) as store:
        with pytest.raises(MaintenanceError, match="pg_dump"):
            await store.backup(tmp_path / "copy.db")


async def test_a_vacuum_gives_back_what_is_free(tmp_path):
    """The file shrinks while the server goes on, and everything that is left is still there."""
    file = tmp_path / "ledger.db"
    async with opened(store_at(file)) as store:
        for number in range(300):
            await reserve(store, wish(f"request-{number}", dlr_url="x" * 20_000))
        await asyncio.gather(*(store.change(wish(f"request-{number}").key, emptied) for number in range(300)))
        await store.scrub()
        before = await store.info()
        await asyncio.gather(store.vacuum(), *(reserve(store, wish(f"new-{number}")) for number in range(20)))
        after = await store.info()

    assert before.free > 4_000_000
    assert after.size < before.size - 4_000_000
    assert 320 == after.by_dispatch[DISPATCH_SENDING]
    with sqlite3.connect(file) as connection:
        assert [("ok",)] == connection.execute("PRAGMA integrity_check").fetchall()
    connection.close()


def emptied(record, _now):
    return record and replace(record, request=b"")


async def test_a_vacuum_beside_a_server_changes_no_record(store, beside):
    """On either database, at any time."""
    sent = (await reserve(store, wish())).record
    await store.pause("a reason")
    async with opened(beside, beside_a_server=True):
        await beside.vacuum()

    assert sent == await store.find(sent.key)
    assert isinstance(await store.paused(), Pause)
