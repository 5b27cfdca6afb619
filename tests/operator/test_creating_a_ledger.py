"""`ledger create`: the first ledger of a gateway that may not make one."""

import sqlite3
from contextlib import closing

import pytest
from operator_terminal import typed
from served_process import served_process

from gateway.ledger.migrations import migrations
from gateway.ledger.postgresql import schema as postgresql_schema
from gateway.ledger.sqlite import file as sqlite_file
from gateway.ledger.sqlite import store as sqlite_store


async def test_a_gateway_that_may_not_make_a_ledger_serves_from_the_one_that_was_made(ledger, operator, start_gateway):
    """Once it is made it is served from, and remembers."""
    created = await operator("ledger", "create")
    gateway = await start_gateway(ledger=ledger | {"create": False})
    placed = await gateway.place_call(requestId="reminder-1")
    again = await gateway.place_call(requestId="reminder-1")

    assert 0 == created.status
    assert created.words.startswith("A new ledger was made. It remembers no call.")
    assert (False, True) == (placed.replayed, again.replayed)


async def test_a_ledger_that_is_there_is_left_as_it_is(ledger, operator, start_gateway):
    """A job that runs twice does no harm, also beside a server that serves from it."""
    gateway = await start_gateway(ledger=ledger)
    await gateway.place_call(requestId="reminder-1")
    again = await operator("ledger", "create")
    shown = await operator("calls", "show", "reminder-1")

    assert 0 == again.status
    assert again.words.startswith("There is a ledger already; nothing changed.")
    assert 0 == shown.status


async def test_where_nothing_names_one_it_is_made_here(tmp_path, monkeypatch):
    """In the folder where it is typed, where a server that is started there looks for it."""
    monkeypatch.chdir(tmp_path)
    created = await typed("ledger", "create")
    again = await typed("ledger", "create")

    assert (0, 0) == (created.status, again.status)
    assert (tmp_path / "ledger.db").exists()
    assert created.words.endswith(f"place {tmp_path}/ledger.db")
    assert again.words.endswith(f"place {tmp_path}/ledger.db")


async def test_the_place_that_is_told_has_no_password(database):
    """It says which database, and keeps the rest to itself."""
    created = await typed("ledger", "create", "--ledger", database.replace("postgres@", "postgres:hunter2@"))

    assert 0 == created.status
    assert database.rpartition("/")[2] in created.words
    assert "hunter2" not in created.words + created.errors


async def test_an_empty_file_becomes_a_ledger(tmp_path):
    """As it would at a start that may make one."""
    (tmp_path / "ledger.db").touch()
    created = await typed("ledger", "create", "--ledger", f"sqlite:///{tmp_path}/ledger.db")
    info = await typed("ledger", "info", "--ledger", f"sqlite:///{tmp_path}/ledger.db")

    assert (0, 0) == (created.status, info.status)
    assert created.words.startswith("A new ledger was made")


async def test_an_earlier_versions_ledger_is_left_to_the_gateway(operator, monkeypatch):
    """Only a start brings it up to date; until then there is one all the same."""
    await operator("ledger", "create")
    next_version = [*[""] * len(migrations("sqlite")), "CREATE TABLE of_the_next_version (x integer)"]
    for module in (sqlite_store, sqlite_file, postgresql_schema):
        monkeypatch.setattr(module, "migrations", lambda _: next_version)
    again = await operator("ledger", "create")
    info = await operator("ledger", "info")

    assert 0 == again.status
    assert again.words.startswith("There is a ledger already; nothing changed.")
    assert "start the gateway once" in info.errors


async def test_another_programs_file_is_not_made_a_ledger(tmp_path):
    """It is named, and stays as it was."""
    file = tmp_path / "ledger.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    before = file.read_bytes()
    refused = await typed("ledger", "create", "--ledger", f"sqlite:///{file}")

    assert 3 == refused.status
    assert "another program's database" in refused.errors
    assert before == file.read_bytes()


@pytest.mark.parametrize(
    ("folder", "why"),
    [pytest.param("nowhere", "No such file or directory", id="no folder"), pytest.param("", "", id="a folder")],
)
async def test_a_place_that_cannot_hold_one_is_told(tmp_path, folder, why):
    """One line with the cause, and exit status 3."""
    (tmp_path / "ledger.db").mkdir()
    refused = await typed("ledger", "create", "--ledger", f"sqlite:///{tmp_path}/{folder}/ledger.db")

    assert 3 == refused.status
    assert "the ledger cannot be opened" in refused.errors
    assert why in refused.errors
    assert 1 == len(refused.errors.splitlines())


async def test_the_way_out_of_a_missing_ledger_is_the_command_that_makes_one(tmp_path, provider):
    """What a refused start says to do leads to a start."""
    settings = f"sqlite:///{tmp_path}/none.db"
    missing = await typed("ledger", "info", "--ledger", settings)
    assert "`kaleyra-gateway ledger create`" in missing.errors
    await typed("ledger", "create", "--ledger", settings)
    async with served_process(provider.url, tmp_path, ledger=settings) as served:
        assert ("SERVING", "SERVING") == await served.health()
