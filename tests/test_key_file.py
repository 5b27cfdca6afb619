"""A key file is used as it is now: a new key by the very next call, the last good one while the file is broken."""

import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway import keys
from gateway.keys import KeyFile
from gateway.redaction import REDACTED
from gateway.telemetry import Secrets

OLD, NEW = "Zq7-old-key", "Zq7-new-key"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A key file, as an operator writes it: with a newline at its end."""
    path = tmp_path / "kaleyra.key"
    path.write_text(OLD + "\n")
    return path


@pytest.fixture
async def gateway(start_gateway, file):
    """A gateway whose key is in the file."""
    return await start_gateway(account={"api_key": None, "api_key_file": file})


def written_over(file: Path) -> None:
    file.write_text(NEW)


def moved_in_place(file: Path) -> None:
    """As an editor or a careful script does."""
    other = file.with_suffix(".new")
    other.write_text(NEW)
    other.replace(file)


def behind_a_link(file: Path) -> None:
    """As Kubernetes does with a mounted secret."""
    other = file.with_suffix(".new")
    other.write_text(NEW)
    file.unlink()
    file.symlink_to(other)


def with_the_old_times(file: Path) -> None:
    """As a backup is restored: same size, same time of change."""
    stat = file.stat()
    file.write_text(NEW + "\n")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))


CHANGES = [written_over, moved_in_place, behind_a_link, with_the_old_times]


@pytest.mark.parametrize("change", [pytest.param(change, id=change.__name__.replace("_", " ")) for change in CHANGES])
async def test_a_new_key_is_used_by_the_very_next_call(gateway, provider, file, change):
    """Keys are rotated without a restart, however the file is replaced."""
    await gateway.place_call()
    change(file)
    await gateway.place_call(requestId="test-0000002")

    assert [OLD, NEW] == [post.headers["api-key"] for post in provider.posts]


def removed(file: Path) -> None:
    file.unlink()


def emptied(file: Path) -> None:
    file.write_text("")


def two_lines(file: Path) -> None:
    file.write_text(f"{NEW}\n{NEW}\n")


def no_text(file: Path) -> None:
    file.write_bytes(b"\xff" * 20)


def a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def a_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)
    let_go_of(file)


def let_go_of(pipe: Path) -> None:
    """Ends the waiting of a reader that should not wait, so that a test fails and does not hang."""

    def open_it() -> None:
        for _ in range(10):
            time.sleep(3)
            with suppress(OSError):
                os.close(os.open(pipe, os.O_RDWR))

    threading.Thread(target=open_it, daemon=True).start()


BREAKS = [
    pytest.param(removed, "No such file or directory", id="removed"),
    pytest.param(emptied, "must hold one key: printable ASCII without white space", id="emptied"),
    pytest.param(two_lines, "must hold one key: printable ASCII without white space", id="two lines"),
    pytest.param(no_text, "must hold one key: printable ASCII without white space", id="no text"),
    pytest.param(a_folder, "Is a directory", id="a folder in its place"),
    pytest.param(a_pipe, "must be a regular file", id="a pipe in its place that nobody writes to"),
]


@pytest.mark.parametrize(("breaks", "problem"), BREAKS)
async def test_a_broken_file_keeps_the_last_good_key_and_says_so_once(gateway, provider, file, breaks, problem):
    """Calls go on with the key that worked; the log has one line for the operator, and no key in it."""
    await gateway.place_call()
    breaks(file)
    with capture_logs() as lines:
        for number in range(3):
            await gateway.place_call(requestId=f"test-100000{number}")

    assert [OLD] * 4 == [post.headers["api-key"] for post in provider.posts]
    [line] = [line for line in lines if "key file" in line["event"]]
    assert ("error", str(file), problem) == (line["log_level"], line["file"], line["problem"])
    assert "Zq7" not in str(line)


@pytest.mark.parametrize(("breaks", "_problem"), BREAKS)
async def test_a_repaired_file_works_again_and_says_so(gateway, provider, file, breaks, _problem):
    """The next call after the repair has the new key."""
    breaks(file)
    await gateway.place_call()
    if file.is_dir():
        file.rmdir()
    elif file.is_fifo():
        file.unlink()
    file.write_text(NEW)
    with capture_logs() as lines:
        await gateway.place_call(requestId="test-0000002")
        await gateway.place_call(requestId="test-0000003")

    assert [OLD, NEW, NEW] == [post.headers["api-key"] for post in provider.posts]
    assert ["key file changed; its key is in use"] == [line["event"] for line in lines if "key file" in line["event"]]


def test_a_key_may_come_from_a_pipe_at_the_start(tmp_path):
    """As a shell passes it; it is read once, and not waited for again."""
    file = tmp_path / "pipe"
    os.mkfifo(file)
    writer = threading.Thread(target=file.write_text, args=(OLD,))
    writer.start()
    source = KeyFile(file, Secrets())
    writer.join()
    let_go_of(file)
    with capture_logs() as lines:
        used = [source.current(), source.current()]

    assert [OLD, OLD] == used
    assert ["must be a regular file"] == [line["problem"] for line in lines]


class CoarsePath(type(Path())):
    """A file on a file system that tells the time in steps of 20 ms."""

    def stat(self, **_options: bool) -> Any:
        stat = super().stat()
        times = {name: getattr(stat, name) // 20_000_000 * 20_000_000 for name in ("st_mtime_ns", "st_ctime_ns")}
        return SimpleNamespace(st_ino=stat.st_ino, st_size=stat.st_size, **times)


def test_two_changes_within_one_tick_of_the_clock_are_two(file):
    """A file may change, be read, and change again within one step of its clock: no change is missed."""
    source = KeyFile(CoarsePath(file), Secrets())
    read = []
    for number in range(100):
        file.write_text(f"key-{number:04}")
        read.append(source.current())

    assert [f"key-{number:04}" for number in range(100)] == read


def test_an_unchanged_file_is_not_read_again(file, monkeypatch):
    """Once its time of change has passed, a file costs a look at its metadata, and no read."""
    monkeypatch.setattr(keys, "_TICK", 0)
    source = KeyFile(file, Secrets())
    reads: list[Path] = []
    monkeypatch.setattr(keys, "key_in", reads.append)
    used = {source.current() for _ in range(10)}

    assert ({OLD}, []) == (used, reads)


def test_every_key_that_was_ever_in_the_file_is_hidden_in_the_log(file):
    """A replaced key may still be good at the provider."""
    secrets = Secrets()
    source = KeyFile(file, secrets)
    file.write_text(NEW)
    source.current()

    assert f"{REDACTED} {REDACTED}" == secrets.hidden(f"{OLD} {NEW}")


@pytest.mark.parametrize("shown", [repr, str])
def test_a_key_source_shows_no_key(file, shown):
    """Neither source of keys shows one."""
    assert OLD not in shown(KeyFile(file, Secrets()))
