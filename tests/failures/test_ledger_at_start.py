"""A ledger that cannot be opened stops the start: why, and the way out, in one line on stderr, and exit status 3."""

import asyncio
import os
import sqlite3
import sys
from contextlib import closing, nullcontext

import pytest
from gateway_under_test import KEY, SID, place_call_request
from served_process import served_process
from small_disk import read_only, small_disk

from gateway.ledger.migrations import migrations

NO_LEDGER = 3


async def start_that_fails(folder, url: str, *, create: bool = True) -> tuple[int, list[str]]:
    """Starts a server that must not serve; returns its exit status and what it printed."""
    file = folder.parent / f"{folder.name}.toml"
    file.write_text(f"""
        listen = "127.0.0.1:0"
        [ledger]
        url = "{url}"
        create = {str(create).lower()}
        [accounts.default]
        base_url = "http://127.0.0.1:1"
        sid = "{SID}"
        api_key = "{KEY}"
    """)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "serve", "--config", str(file)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"PATH": os.environ["PATH"]},
    )
    async with asyncio.timeout(60):
        output, _ = await process.communicate()
    return process.returncode or 0, output.decode().splitlines()


def a_ledger(folder):
    """Makes a ledger as a gateway of this version does, closed."""
    file = folder / "ledger.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        for step in migrations("sqlite"):
            connection.executescript(step)
        connection.execute(f"PRAGMA user_version = {len(migrations('sqlite'))}")
        connection.commit()
    return file


def no_file(_folder):
    return nullcontext()


def an_empty_file(folder):
    (folder / "ledger.db").touch()
    return nullcontext()


def another_file(folder):
    (folder / "ledger.db").write_bytes(b"# a file of somebody else's\n" * 100)
    return nullcontext()


def damaged_pages(folder):
    file = a_ledger(folder)
    content = bytearray(file.read_bytes())
    content[100 : 4 * 4096] = b"\xa5" * (4 * 4096 - 100)
    file.write_bytes(content)
    return nullcontext()


def a_newer_schema(folder):
    with closing(sqlite3.connect(a_ledger(folder))) as connection:
        connection.execute(f"PRAGMA user_version = {len(migrations('sqlite')) + 1}")
    return nullcontext()


def a_read_only_folder(folder):
    a_ledger(folder)
    return read_only(folder)


def a_read_only_file(folder):
    return read_only(a_ledger(folder))


def a_full_disk(folder):
    disk = small_disk(folder)
    mounted = disk.__enter__()
    mounted.fill()
    return _closing(disk)


class _closing(nullcontext[None]):  # noqa: N801 - as contextlib's own
    def __init__(self, inner) -> None:
        super().__init__()
        self._inner = inner

    def __exit__(self, *_error: object) -> None:
        self._inner.__exit__(None, None, None)


@pytest.mark.parametrize(
    ("make", "create", "words"),
    [
        pytest.param(no_file, False, "would forget every promise", id="missing, where none may be made"),
        pytest.param(an_empty_file, False, "would forget every promise", id="empty, where none may be made"),
        pytest.param(another_file, True, "cannot be opened as a ledger", id="another file"),
        pytest.param(damaged_pages, True, "cannot be opened as a ledger", id="damaged"),
        pytest.param(a_newer_schema, True, "upgrade the gateway", id="a newer schema"),
        pytest.param(a_read_only_folder, True, "cannot be locked: Read-only file system", id="a read-only folder"),
        pytest.param(a_read_only_file, True, "cannot be opened as a ledger", id="a read-only file"),
        pytest.param(a_full_disk, True, "ledger", id="a full disk"),
    ],
)
async def test_a_ledger_that_cannot_be_used_stops_the_start(tmp_path, make, create, words):
    """Nothing is served, the file is named, no record is made or changed, and nobody has to read a traceback."""
    folder = tmp_path / "ledger"
    folder.mkdir()
    with make(folder):
        before = {file.name: file.read_bytes() for file in folder.glob("ledger.db")}
        status, lines = await start_that_fails(folder, f"sqlite:///{folder}/ledger.db", create=create)
        after = {file.name: file.read_bytes() for file in folder.glob("ledger.db")}

    assert NO_LEDGER == status
    assert words in lines[-1]
    assert str(folder / "ledger.db") in lines[-1]
    assert [] == [line for line in lines if "Traceback" in line]
    assert before == after or make in {an_empty_file, a_full_disk}


async def test_a_second_server_on_the_same_file_does_not_start(tmp_path, provider):
    """It says whose the file is, and the first one serves on."""
    async with served_process(provider.url, tmp_path) as first:
        status, lines = await start_that_fails(tmp_path, f"sqlite:///{tmp_path}/ledger.db")
        answer = await first.stub.PlaceCall(place_call_request(), timeout=30)

    assert NO_LEDGER == status
    assert "in use by another server" in lines[-1]
    assert [] == [line for line in lines if "Traceback" in line]
    assert "RBC3007" == answer.call.provider_reply.code


async def test_a_server_that_was_killed_leaves_its_file_to_the_next(tmp_path, provider):
    """The lock goes with its process, however it went; what the dead one was told is still there."""
    async with served_process(provider.url, tmp_path) as first:
        before = await first.stub.PlaceCall(place_call_request(requestId="reminder-8812"), timeout=30)
        first.process.kill()
        await first.exit_status()
    async with served_process(provider.url, tmp_path) as second:
        after = await second.stub.PlaceCall(place_call_request(requestId="reminder-8812"), timeout=30)

    assert (before.call, True) == (after.call, after.replayed)
    assert 1 == len(provider.posts)


async def test_a_database_that_nobody_serves_stops_the_start(tmp_path):
    """PostgreSQL is not there: the start says so, without the password, and does not hang."""
    status, lines = await start_that_fails(tmp_path, "postgresql://me:hidden@127.0.0.1:1/ledger")

    assert NO_LEDGER == status
    assert "ledger.url" in lines[-1]
    assert [] == [line for line in lines if "Traceback" in line or "hidden" in line]
