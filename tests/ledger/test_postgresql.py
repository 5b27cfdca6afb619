"""What PostgreSQL has to do with it: replicas, outages, schemas, settings."""

import asyncio
import os
import re
import signal

import asyncpg
import pytest
from wishes import reserve, wish

from gateway.ledger.migrations import migrations
from gateway.ledger.postgresql import pool as postgresql_pool
from gateway.ledger.postgresql.store import PostgresqlStore
from gateway.ledger.store import LedgerStartError, LedgerUnavailableError


@pytest.fixture
async def replicas(database):
    """Two stores on one empty database, opened at once."""
    stores = [PostgresqlStore(database, create=True) for _ in range(2)]
    await asyncio.gather(*(store.open() for store in stores))
    yield stores
    await asyncio.gather(*(store.close() for store in stores))


async def test_of_two_hundred_at_once_over_two_replicas_one_takes_the_key(replicas):
    """One reservation is made among all, and everyone sees it."""
    asked = [reserve(replicas[number % 2], wish()) for number in range(200)]
    answers = await asyncio.gather(*asked)

    assert 1 == sum(answer.is_mine for answer in answers)
    assert 1 == len({answer.record.call_id for answer in answers})


async def test_replicas_that_take_the_same_keys_in_opposite_orders_share_them_out(replicas):
    """Batches that overlap wait for each other and never in a circle; each key is won once."""
    keys = [f"request-{number:03}" for number in range(300)]
    answers = await asyncio.gather(
        *(reserve(replicas[0], wish(key)) for key in keys),
        *(reserve(replicas[1], wish(key)) for key in reversed(keys)),
    )

    assert keys == sorted(answer.record.request_id for answer in answers if answer.is_mine)


async def test_changes_of_one_key_in_one_batch_build_on_each_other(replicas):
    """Of two changes that would both apply to an empty row, the second finds what the first made."""
    first, second = await asyncio.gather(reserve(replicas[0], wish()), reserve(replicas[0], wish()))

    assert (True, False) == (first.is_mine, second.is_mine)
    assert first.record == second.record


async def test_a_server_that_goes_away_is_told_and_found_again(postgres, replicas):
    """Without its database the ledger says so, in one word; once it is back, everything works, and nothing is lost."""
    store, kept = replicas[0], wish("request-kept")
    reserved = await reserve(store, kept)
    postgres.stop()
    for attempt in (reserve(store, wish()), store.find(kept.key), reserve(store, wish())):
        with pytest.raises(LedgerUnavailableError) as caught:
            await attempt
        assert re.fullmatch(r"\w+", caught.value.cause)
    postgres.start()

    assert (await reserve(store, wish())).is_mine
    assert reserved.record == await store.find(kept.key)


async def test_a_server_that_goes_away_under_load_loses_nothing_that_was_answered(postgres, replicas):
    """Whoever was told that it is recorded finds it; the others were told that nothing is known."""
    asked = [asyncio.create_task(reserve(replicas[number % 2], wish(f"request-{number}"))) for number in range(3000)]
    await asyncio.wait(asked[:600], return_when=asyncio.FIRST_COMPLETED)
    await asyncio.to_thread(postgres.stop)
    answers = await asyncio.gather(*asked, return_exceptions=True)
    postgres.start()
    answered = [each.record for each in answers if not isinstance(each, LedgerUnavailableError)]

    assert answered
    assert [] == [record for record in answered if record != await replicas[0].find(record.key)]


async def test_a_connection_that_falls_silent_is_given_up_and_replaced(replicas, monkeypatch):
    """Where nothing answers any more, nobody waits for ever, and the next use connects anew."""
    await reserve(replicas[0], wish())
    async with replicas[0]._writer.lend() as connection:
        silent = connection.get_server_pid()
    os.kill(silent, signal.SIGSTOP)
    with monkeypatch.context() as hasty:
        hasty.setattr(postgresql_pool, "PATIENCE", 0.5)
        with pytest.raises(LedgerUnavailableError, match="TimeoutError"):
            await reserve(replicas[0], wish())

    assert not (await reserve(replicas[0], wish())).is_mine
    os.kill(silent, signal.SIGCONT)


async def test_a_row_that_somebody_else_holds_is_not_waited_for_for_ever(replicas, database):
    """A lock that is not given back in time counts as a failing database."""
    await reserve(replicas[0], wish())
    holder = await asyncpg.connect(database)
    await holder.execute("BEGIN; SELECT FROM calls FOR UPDATE")
    with pytest.raises(LedgerUnavailableError, match="LockNotAvailableError"):
        await reserve(replicas[0], wish())
    await holder.close()

    assert not (await reserve(replicas[0], wish())).is_mine


async def test_a_database_that_can_only_be_read_is_told_and_recovers(postgres, replicas, database):
    """As where the primary has become a standby: reading goes on, and the probe is not deceived."""
    name = database.rpartition("/")[2]
    postgres.sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    assert await replicas[0].find(wish().key) is None
    with pytest.raises(LedgerUnavailableError, match="ReadOnlySQLTransactionError"):
        await replicas[0].probe()
    postgres.sql(f"ALTER DATABASE {name} RESET default_transaction_read_only")

    await replicas[0].probe()


async def test_a_pause_holds_for_every_replica(replicas):
    """Whichever replica the operator spoke to."""
    await replicas[0].pause("a reason")

    assert "a reason" == (await replicas[1].paused()).reason


@pytest.mark.usefixtures("replicas")
async def test_a_newer_schema_is_refused(postgres, database):
    """An older program must not write what it does not understand."""
    newer = len(migrations("postgresql")) + 1
    postgres.sql(f"INSERT INTO schema_version VALUES ({newer})", database)

    with pytest.raises(LedgerStartError, match="upgrade the gateway"):
        await PostgresqlStore(database, create=True).open()


async def test_an_empty_database_is_refused_where_none_may_be_made(postgres, database):
    """An empty ledger would forget every promise."""
    with pytest.raises(LedgerStartError, match="would forget every promise"):
        await PostgresqlStore(database, create=False).open()

    assert "0" == postgres.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", database)


async def test_a_database_that_is_no_ledger_is_refused_and_left_alone(postgres, database):
    """A wrong URL in the settings destroys nothing."""
    postgres.sql("CREATE TABLE calls (mine text)", database)
    with pytest.raises(LedgerStartError, match="cannot be opened as a ledger"):
        await PostgresqlStore(database, create=True).open()

    assert "calls" == postgres.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", database)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("postgresql://me:hidden@127.0.0.1:1/ledger", id="nobody listens"),
        pytest.param("postgresql://me:hid/den@127.0.0.1/ledger", id="a password that is not escaped"),
        pytest.param("mysql://me:hidden@127.0.0.1/ledger", id="another scheme"),
    ],
)
async def test_a_database_that_cannot_be_reached_is_told_without_its_password(url):
    """The error is printed where the server starts; secrets are not."""
    with pytest.raises(LedgerStartError) as caught:
        await PostgresqlStore(url, create=True).open()

    assert "hid" not in str(caught.value)


async def test_a_commit_is_on_the_disk_before_it_is_answered_whatever_the_server_prefers(postgres, database):
    """Every connection of the ledger waits for the disk, though the database's default is not to."""
    name = database.rpartition("/")[2]
    postgres.sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
    store = PostgresqlStore(f"{database}?synchronous_commit=off", create=True)
    await store.open()
    async with store._writer.lend() as connection:
        setting = await connection.fetchval("SHOW synchronous_commit")
    await store.close()

    assert ("off", "on") == (postgres.sql("SHOW synchronous_commit", database), setting)
