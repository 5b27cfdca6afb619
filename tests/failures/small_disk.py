"""A disk of the tests' own that can be filled: a small tmpfs."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class SmallDisk:
    """A mounted folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    @property
    def ledger(self) -> dict[str, str]:
        """The settings of a ledger on it."""
        return {"url": f"sqlite:///{self.folder}/ledger.db"}

    def fill(self) -> None:
        """Leaves no byte free."""
        with self._ballast.open("ab", buffering=0) as ballast:
            for piece in (64 * 1024, 1):
                try:
                    while True:
                        ballast.write(b"\0" * piece)
                except OSError:
                    continue

    def free(self) -> None:
        """Gives the room back."""
        self._ballast.unlink()


@contextmanager
def small_disk(folder: Path, size: str = "2m") -> Iterator[SmallDisk]:
    """Mounts a disk until the end of the block. Under CI it must be possible; elsewhere the test is skipped."""
    failure = _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder)
    if failure and "CI" in os.environ:
        pytest.fail(f"no disk can be mounted, and under CI nothing is skipped: {failure}")
    if failure:
        pytest.skip(f"no disk can be mounted here: {failure}")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@contextmanager
def read_only(path: Path) -> Iterator[None]:
    """Makes a file or a folder read-only until the end of the block, also for root."""
    failure = _mount("--bind", path, path) or _mount("-o", "remount,bind,ro", path)
    if failure and "CI" in os.environ:
        pytest.fail(f"nothing can be mounted, and under CI nothing is skipped: {failure}")
    if failure:
        pytest.skip(f"nothing can be mounted here: {failure}")
    try:
        yield
    finally:
        subprocess.run(["umount", path], check=True)


def _mount(*arguments: str | Path) -> str:
    """Mounts; returns why not, if not."""
    try:
        done = subprocess.run(["mount", *map(str, arguments)], capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    return done.stderr.strip() if done.returncode else ""
