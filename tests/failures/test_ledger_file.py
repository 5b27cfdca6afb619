"""SQLite's file while a gateway serves: locked by others, damaged, deleted, replaced. Nothing is dialed unrecorded."""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import faults
import pytest
from gateway_under_test import GatewayUnderTest, place_call_request, refusal_of, running_gateway
from recorded import ID, UNAVAILABLE, dispatch_turns, recorded, told, turns
from served_process import served_process
from waiting import until

from gateway.ledger import guarded_store
from gateway.ledger.sqlite import writer as sqlite_writer
from voicegateway.v1.outbound_call_pb2 import DISPATCH_ACCEPTED, DISPATCH_SENDING


@pytest.fixture
def file(tmp_path) -> Path:
    """Where the ledger is."""
    return tmp_path / "ledger.db"


@pytest.fixture
async def gateway(start_gateway, file) -> GatewayUnderTest:
    """A gateway whose ledger is that file."""
    return await start_gateway(ledger={"url": f"sqlite:///{file}"})


def lock(file):
    """Another program begins to write, and does not end."""
    holding = sqlite3.connect(file, isolation_level=None)
    holding.execute("BEGIN IMMEDIATE")
    return holding


# Locked by another program


async def test_a_locked_ledger_stops_dialing_until_it_is_given_back(gateway, provider, file):
    """Calls are refused, reads go on, and the end of the lock is found by itself."""
    first = await gateway.place_call(**ID)
    with closing(lock(file)):
        error = await gateway.place_call_error(requestId="reminder-0002")
        await turns(gateway, "NOT_SERVING")
        call, posts = await recorded(gateway), len(provider.posts)
    await turns(gateway, "SERVING")
    placed = await gateway.place_call(requestId="reminder-0002")

    assert UNAVAILABLE == told(error)
    assert first.call == call
    assert (1, 2, False) == (posts, len(provider.posts), placed.replayed)


async def test_a_locked_ledger_does_not_hold_up_the_gateway(gateway, file):
    """Patience is for the thread that waits; the loop, which serves everybody, never waits for a lock."""
    await gateway.place_call(**ID)
    writer = gateway.gateway.ledger._store._writer
    with closing(lock(file)):
        await gateway.place_call_error()
        await until(lambda: not writer._groups._runner or writer._groups._runner.done())
        assert (0,) == writer._connection.execute("PRAGMA busy_timeout").fetchone()


@pytest.mark.usefixtures("early_answers")
async def test_a_caller_with_less_time_than_the_lock_is_answered_and_not_dialed_for_later(
    gateway, provider, file, monkeypatch
):
    """His request waits in the writer when he is told that nothing is known: it is neither recorded nor sent then."""
    monkeypatch.setattr(sqlite_writer, "PATIENTLY", "PRAGMA busy_timeout = 60000")
    monkeypatch.setattr(guarded_store, "PATIENCE", 60.0)
    with closing(lock(file)):
        error = await gateway.place_call_error(timeout=20, **ID)
    placed = await gateway.place_call(**ID)

    assert UNAVAILABLE == told(error)
    assert (False, 1) == (placed.replayed, len(provider.posts))


async def test_a_verdict_waits_for_a_locked_ledger(gateway, provider, file):
    """The truth is answered at once, and written when the lock is gone."""
    provider.behave(faults.answers_when_released)
    calling = asyncio.create_task(gateway.place_call(**ID))
    await provider.arrivals(1)
    with closing(lock(file)):
        provider.release.set()
        answer = await calling
        during = await recorded(gateway)
    await dispatch_turns(gateway, DISPATCH_ACCEPTED)
    await turns(gateway, "SERVING")

    assert (DISPATCH_ACCEPTED, DISPATCH_SENDING) == (answer.call.dispatch, during.dispatch)
    assert 1 == len(provider.posts)


# Damaged


async def test_a_ledger_that_is_damaged_while_it_serves_stops_dialing(gateway, provider, file):
    """What cannot be read cannot be trusted: no call is placed on it, not even one that was placed before."""
    await gateway.place_call(**ID)
    with closing(sqlite3.connect(file)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with file.open("r+b") as damaged:
        damaged.write(b"\xa5" * file.stat().st_size)
        os.fsync(damaged.fileno())
    await turns(gateway, "NOT_SERVING")
    errors = [await gateway.place_call_error(**ID), await gateway.place_call_error(requestId="reminder-0002")]

    assert [UNAVAILABLE] * 2 == [told(error) for error in errors]
    assert 1 == len(provider.posts)


# Deleted, or replaced


def delete(file):
    file.unlink()


def delete_the_log(file):
    file.with_name(f"{file.name}-wal").unlink()


def replace_by_a_copy(file):
    copy = file.with_name("copy.db")
    copy.write_bytes(file.read_bytes())
    copy.rename(file)


GONE = [
    pytest.param(delete, id="the file is deleted"),
    pytest.param(delete_the_log, id="its log is deleted"),
    pytest.param(replace_by_a_copy, id="the file is replaced"),
]


@pytest.mark.parametrize("goes", GONE)
async def test_a_ledger_that_is_no_longer_the_one_on_the_disk_stops_dialing(gateway, provider, file, goes):
    """What is written to a file without a name is forgotten at the next start: it counts as not written."""
    await gateway.place_call(**ID)
    goes(file)
    error = await gateway.place_call_error(requestId="reminder-0002")
    await turns(gateway, "NOT_SERVING")
    again = await gateway.place_call_error(requestId="reminder-0003")

    assert [UNAVAILABLE] * 2 == [told(error), told(again)]
    assert 1 == len(provider.posts)


async def test_what_was_answered_before_its_log_was_deleted_survives_also_a_crash(provider, tmp_path, file):
    """Once it is noticed, what callers were told is saved into the file; the next start dials nothing again."""
    async with served_process(provider.url, tmp_path) as served:
        first = await served.stub.PlaceCall(place_call_request(**ID), timeout=30)
        delete_the_log(file)
        error = await refusal_of(served.stub.PlaceCall(place_call_request(requestId="reminder-0002"), timeout=30))
        served.process.kill()
        await served.exit_status()
    async with running_gateway(provider.url, {"ledger": {"url": f"sqlite:///{file}"}}) as gateway:
        again = await gateway.place_call(**ID)
        placed = await gateway.place_call(requestId="reminder-0002")

    assert UNAVAILABLE == told(error)
    assert (first.call, True) == (again.call, again.replayed)
    assert (False, 2) == (placed.replayed, len(provider.posts))


async def test_a_file_that_is_put_back_is_written_to_again(gateway, provider, file):
    """A ledger that was moved away by mistake and back again is the same one: service resumes by itself."""
    file.rename(file.with_name("elsewhere.db"))
    error = await gateway.place_call_error(**ID)
    file.with_name("elsewhere.db").rename(file)
    await turns(gateway, "SERVING")
    placed = await gateway.place_call(**ID)

    assert UNAVAILABLE == told(error)
    assert (False, 1) == (placed.replayed, len(provider.posts))


async def test_a_deleted_ledger_is_not_made_anew_by_a_server_that_runs(gateway, file):
    """A file that forgets every promise is made by a start that is allowed to, and by nothing else."""
    await gateway.place_call(**ID)
    file.unlink()
    for number in range(3):
        await gateway.place_call_error(requestId=f"reminder-000{number}")

    assert not file.exists()
