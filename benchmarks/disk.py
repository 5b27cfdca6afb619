"""The disk under the ledgers: what it is, and what making a write durable costs there."""

import os
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Final

import psutil

SYNCED_WRITES: Final = 200
IN_MEMORY: Final = frozenset({"tmpfs", "ramfs"})


def described() -> str:
    """Describes the disk that temporary folders are on; TMPDIR chooses another."""
    with tempfile.TemporaryDirectory() as folder:
        kind, cost = _kind(Path(folder)), _synced_write(Path(folder) / "file")
    warning = "; IN MEMORY, so no ledger was durable: set TMPDIR to a folder on a disk" if kind in IN_MEMORY else ""
    return f"{kind}, a synced write of 4 KiB takes {cost * 1000:.2f} ms (median of {SYNCED_WRITES}){warning}"


def _kind(folder: Path) -> str:
    mounts = {Path(each.mountpoint): each.fstype for each in psutil.disk_partitions(all=True)}
    return next((mounts[place] for place in (folder, *folder.parents) if place in mounts), "unknown file system")


def _synced_write(file: Path) -> float:
    """The seconds of one, as a write-ahead log makes them: an append, and fdatasync where the system has it."""
    sync = getattr(os, "fdatasync", os.fsync)
    times = []
    with file.open("wb", buffering=0) as stream:
        for _ in range(SYNCED_WRITES):
            began = time.perf_counter()
            stream.write(bytes(4096))
            sync(stream.fileno())
            times.append(time.perf_counter() - began)
    return median(times)
