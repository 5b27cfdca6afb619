"""`ledger info`, `backup` and `vacuum`, beside a gateway that serves from it."""

import asyncio
import re
import sqlite3
import stat

import faults
import pytest
from operator_terminal import typed

from gateway.operator.words import size_of
from voicegateway.v1.outbound_call_pb2 import DISPATCH_ACCEPTED


@pytest.fixture
async def gateway(start_gateway, ledger):
    return await start_gateway(ledger=ledger)


@pytest.fixture
def file(tmp_path):
    """A SQLite ledger, and the URL of it."""
    return tmp_path / "ledger.db", f"sqlite:///{tmp_path}/ledger.db"


async def test_a_ledger_is_looked_over(gateway, operator, lost):
    """Counts by kind, the time of the oldest and the newest call, the size, and what wants attention."""
    await lost(gateway, "reminder-1")
    await gateway.place_call(requestId="reminder-2")
    await gateway.place_call(requestId="reminder-3")
    page = await operator("ledger", "info")
    document = (await operator("ledger", "info", "--json")).json

    assert 0 == page.status
    assert "Calls: 3" in page.words
    assert "ACCEPTED 2" in page.words
    assert "OUTCOME_UNKNOWN 1" in page.words
    assert "1 outcome is unknown: `kaleyra-gateway calls list --dispatch unknown`" in page.words
    assert {"DISPATCH_ACCEPTED": 2, "DISPATCH_OUTCOME_UNKNOWN": 1} == {
        name: count for name, count in document["calls"].items() if count
    }
    assert {"WHOLE": 3, "ERASED": 0, "TOMBSTONE": 0} == document["stages"]
    assert (0, None) == (document["overdue"], document["pause"])
    assert document["oldest"] < document["newest"]
    assert document["size"] > 1000


@pytest.mark.usefixtures("gateway")
async def test_an_empty_ledger_is_looked_over(operator):
    """Nothing wants attention, and there is no oldest call."""
    page = await operator("ledger", "info")
    document = (await operator("ledger", "info", "--json")).json

    assert "Calls: 0" in page.words
    assert "attention" not in page.words
    assert (None, None) == (document["oldest"], document["newest"])


async def test_whether_a_file_is_served_is_told(start_gateway, file):
    """An operator sees whether anybody dials from it."""
    gateway = await start_gateway(ledger={"url": file[1]})
    served = await typed("ledger", "info", "--ledger", file[1])
    await gateway.gateway.stop()
    left = await typed("ledger", "info", "--ledger", file[1])

    assert "served by a server that runs" in served.words
    assert "served by no server now" in left.words


async def test_a_call_whose_time_has_passed_is_told(start_gateway, file, provider):
    """No server sweeps this ledger: a crash left the call on its way."""
    gateway = await start_gateway(ledger={"url": file[1]})
    provider.behave(faults.answers_when_released)
    placing = asyncio.create_task(gateway.place_call(requestId="reminder-1"))
    await provider.arrivals(1)
    with sqlite3.connect(file[0]) as copy:
        [(sent,)] = copy.execute("SELECT count(*) FROM calls WHERE dispatch = 2").fetchall()
    copy.close()
    await typed("ledger", "backup", str(file[0].with_name("copy.db")), "--ledger", file[1])
    provider.release.set()
    await placing
    with sqlite3.connect(file[0].with_name("copy.db")) as copy:
        copy.execute("UPDATE calls SET send_deadline = 1")
    copy.close()
    page = await typed("ledger", "info", "--ledger", f"sqlite:///{file[0].with_name('copy.db')}")

    assert 1 == sent
    assert "1 SENDING beyond their time: no server sweeps this ledger" in page.words


async def test_a_backup_beside_a_serving_gateway_can_be_restored(start_gateway, file, tmp_path, provider):
    """The copy is whole, its owner's alone, and a gateway on it answers repeats and dials nobody twice."""
    gateway = await start_gateway(ledger={"url": file[1]})
    placed = await gateway.place_call(requestId="reminder-1")
    outcome = await typed("ledger", "backup", str(tmp_path / "copy.db"), "--ledger", file[1])
    later = await gateway.place_call(requestId="reminder-2")
    restored = await start_gateway(ledger={"url": f"sqlite:///{tmp_path}/copy.db", "create": False})
    repeated = await restored.place_call(requestId="reminder-1")
    listed = (await typed("calls", "list", "--ledger", f"sqlite:///{tmp_path}/copy.db", "--json")).json

    assert 0 == outcome.status
    assert f"The ledger was copied to {tmp_path / 'copy.db'}" in outcome.words
    assert "restore it only when the ledger itself is lost" in outcome.words
    assert 0o600 == stat.S_IMODE((tmp_path / "copy.db").stat().st_mode)
    assert (True, placed.call.call_id) == (repeated.replayed, repeated.call.call_id)
    assert DISPATCH_ACCEPTED == later.call.dispatch
    assert ["reminder-1"] == [call["request_id"] for call in listed["calls"]]
    assert 2 == len(provider.posts)


async def test_a_backup_overwrites_nothing(start_gateway, file, tmp_path):
    """It is refused with the way out."""
    await start_gateway(ledger={"url": file[1]})
    (tmp_path / "there.db").write_text("mine")
    outcome = await typed("ledger", "backup", str(tmp_path / "there.db"), "--ledger", file[1])

    assert (1, "") == (outcome.status, outcome.output)
    assert f"{tmp_path}/there.db is there already: choose another name" in outcome.errors
    assert "mine" == (tmp_path / "there.db").read_text()


async def test_a_server_is_backed_up_by_its_own_tools(start_gateway, database, tmp_path):
    """The refusal names one."""
    await start_gateway(ledger={"url": database})
    outcome = await typed("ledger", "backup", str(tmp_path / "copy.db"), "--ledger", database)

    assert (1, "") == (outcome.status, outcome.output)
    assert "pg_dump" in outcome.errors
    assert [] == list(tmp_path.glob("copy*"))


async def test_a_vacuum_beside_a_serving_gateway_changes_no_record(gateway, operator, provider):
    """Calls go on; what is recorded stays."""
    first = await gateway.place_call(requestId="reminder-1")
    outcome = await operator("ledger", "vacuum")
    repeated = await gateway.place_call(requestId="reminder-1")

    assert 0 == outcome.status
    # What there is to give back depends on when the server last emptied its log.
    words = r"gi(ven|ve) back: the ledger has \d" if operator.url.startswith("sqlite") else r"vacuumed: it has \d"
    assert re.search(words, outcome.words), outcome.words
    assert (True, first.call.call_id) == (repeated.replayed, repeated.call.call_id)
    assert 1 == len(provider.posts)


async def test_a_vacuum_tells_what_it_gave_back(start_gateway, file):
    """A file from which much was erased gets smaller."""
    await start_gateway(ledger={"url": file[1]})
    with sqlite3.connect(file[0]) as connection:
        connection.execute("CREATE TABLE ballast (bytes BLOB)")
        connection.executemany("INSERT INTO ballast VALUES (zeroblob(100000))", [()] * 30)
        connection.execute("DROP TABLE ballast")
    connection.close()
    before = (await typed("ledger", "info", "--ledger", file[1], "--json")).json
    info = await typed("ledger", "info", "--ledger", file[1])
    outcome = await typed("ledger", "vacuum", "--ledger", file[1])

    assert "which `ledger vacuum` gives back" in info.words
    assert "MB were given back: the ledger has" in outcome.words
    assert before["free"] > 2_500_000
    assert file[0].stat().st_size < before["size"] - 2_500_000


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (12_345_678, "12.3 MB"), (5 * 10**15, "5000.0 TB")],
)
def test_sizes_are_told_in_round_units(count, words):
    """As disks are sold."""
    assert words == size_of(count)
