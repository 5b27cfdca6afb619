"""What SQLite has to do with it: files, locks, schemas, disks."""

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from wishes import reserve, wish

from gateway.clock import utc_now
from gateway.ledger.migrations import migrations
from gateway.ledger.sqlite import file as sqlite_file
from gateway.ledger.sqlite.file import connect
from gateway.ledger.sqlite.store import SqliteStore
from gateway.ledger.store import LedgerStartError, LedgerUnavailableError


def store_at(file, *, create=True):
    return SqliteStore(file, create=create, in_flight=lambda: 0, now=utc_now)


async def test_what_was_answered_is_there_after_a_restart(tmp_path):
    """A new process finds the record."""
    wanted = wish()
    first = store_at(tmp_path / "ledger.db")
    await first.open()
    reserved = await reserve(first, wanted)
    await first.close()
    second = store_at(tmp_path / "ledger.db", create=False)
    await second.open()

    assert reserved.record == await second.find(wanted.key)
    await second.close()


async def test_a_second_server_on_the_same_file_is_refused(tmp_path):
    """Two writers of one file would each believe to be alone."""
    first, second = store_at(tmp_path / "ledger.db"), store_at(tmp_path / "ledger.db")
    await first.open()
    with pytest.raises(LedgerStartError, match="in use by another server"):
        await second.open()
    await first.close()
    await second.open()
    await second.close()


async def test_a_missing_ledger_is_refused_where_none_may_be_made(tmp_path):
    """An empty ledger would forget every promise."""
    with pytest.raises(LedgerStartError, match="would forget every promise"):
        await store_at(tmp_path / "ledger.db", create=False).open()

    assert [] == list(tmp_path.iterdir())


async def test_a_newer_schema_is_refused(tmp_path):
    """An older program must not write what it does not understand."""
    first = store_at(tmp_path / "ledger.db")
    await first.open()
    await first.close()
    with sqlite3.connect(tmp_path / "ledger.db") as connection:
        connection.execute(f"PRAGMA user_version = {len(migrations('sqlite')) + 1}")
    connection.close()

    with pytest.raises(LedgerStartError, match="upgrade the gateway"):
        await store_at(tmp_path / "ledger.db").open()


@pytest.mark.parametrize(
    "content",
    [pytest.param(b"no database", id="another file"), pytest.param(b"SQLite format 3\0" + b"x" * 500, id="rubble")],
)
async def test_a_file_that_is_no_ledger_is_refused_and_left_alone(tmp_path, content):
    """A wrong path in the settings destroys nothing."""
    (tmp_path / "ledger.db").write_bytes(content)
    with pytest.raises(LedgerStartError, match="cannot be opened as a ledger"):
        await store_at(tmp_path / "ledger.db").open()

    assert content == (tmp_path / "ledger.db").read_bytes()


@pytest.mark.parametrize("create", [True, False])
async def test_another_programs_database_is_refused_and_left_alone(tmp_path, create):
    """Its tables are not ours to stand beside."""
    with sqlite3.connect(tmp_path / "ledger.db") as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(LedgerStartError, match="another program's"):
        await store_at(tmp_path / "ledger.db", create=create).open()
    with sqlite3.connect(tmp_path / "ledger.db") as connection:
        tables = connection.execute("SELECT name FROM sqlite_schema").fetchall()
    connection.close()

    assert [("theirs",)] == tables


async def test_an_empty_file_is_refused_where_none_may_be_made(tmp_path):
    """A copy that broke off is not taken for a ledger, and a start that failed holds no lock."""
    (tmp_path / "ledger.db").touch()
    for _ in range(2):
        with pytest.raises(LedgerStartError, match="would forget every promise"):
            await store_at(tmp_path / "ledger.db", create=False).open()


async def test_nobody_else_may_read_the_file(tmp_path):
    """It holds numbers and texts: the file, its log, and the lock are its owner's."""
    store = store_at(tmp_path / "ledger.db")
    await store.open()
    await reserve(store, wish())
    modes = {file.name: oct(file.stat().st_mode & 0o777) for file in tmp_path.iterdir()}
    await store.close()

    assert dict.fromkeys(("ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db.lock"), "0o600") == modes


def test_a_commit_is_on_the_disk_before_it_is_answered(tmp_path):
    """Every connection has a write-ahead log, and waits for the disk at each commit."""
    connection = connect(tmp_path / "ledger.db", is_new=True)

    assert ("wal", 2) == tuple(
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")
    )
    connection.close()


async def test_a_new_file_can_shrink_and_overwrites_what_it_deletes(tmp_path):
    """What retention frees can be given back, and is no longer in it."""
    store = store_at(tmp_path / "ledger.db")
    await store.open()
    pragmas = [
        await store._writer.submit(lambda connection, name=name: connection.execute(f"PRAGMA {name}").fetchone())
        for name in ("auto_vacuum", "secure_delete")
    ]
    await store.close()

    assert [(2,), (1,)] == pragmas


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from gateway.clock import utc_now
from gateway.ledger.sqlite.store import SqliteStore
from wishes import reserve, wish

async def main():
    store = SqliteStore(Path(sys.argv[1]), create=True, in_flight=lambda: 32, now=utc_now)
    await store.open()
    async def one(number):
        await reserve(store, wish(f"request-{number:06}"))
        os.write(1, f"request-{number:06}\\n".encode())
        if number == 300:
            os.kill(os.getpid(), signal.SIGKILL)
    await asyncio.gather(*(one(number) for number in range(1000)))

asyncio.run(main())
"""


async def test_no_answered_reservation_is_lost_by_kill_9(tmp_path):
    """Whatever was told to be recorded is recorded, though the process died among a thousand of them."""
    file = tmp_path / "ledger.db"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, str(file), str(Path(__file__).parent), stdout=subprocess.PIPE
    )
    output, _ = await process.communicate()
    answered = output.decode().split()
    store = store_at(file, create=False)
    await store.open()
    missing = [each for each in answered if await store.find(wish(each).key) is None]
    await store.close()

    assert process.returncode == -9
    assert answered
    assert [] == missing


async def test_a_disk_that_takes_nothing_is_told_and_recovers(tmp_path, monkeypatch):
    """A failed commit changes nothing, says so, and the next one works."""
    monkeypatch.setattr(sqlite_file, "PATIENCE", 0.2)
    store = store_at(tmp_path / "ledger.db")
    await store.open()
    blocker = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    blocker.execute("BEGIN EXCLUSIVE")
    for failing in (reserve(store, wish()), store.probe()):
        with pytest.raises(LedgerUnavailableError, match="SQLITE_BUSY"):
            await failing
    assert await store.find(wish().key) is None
    blocker.execute("ROLLBACK")
    blocker.close()

    await store.probe()
    assert (await reserve(store, wish())).is_mine
    await store.close()


async def test_a_pause_survives_a_restart(tmp_path):
    """Nobody dials because a server was started anew."""
    first, second = store_at(tmp_path / "ledger.db"), store_at(tmp_path / "ledger.db")
    await first.open()
    await first.pause("a reason")
    before = await first.paused()
    await first.close()
    await second.open()

    assert "a reason" == before.reason
    assert before == await second.paused()
    await second.close()
