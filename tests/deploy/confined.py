"""Runs a program under what a systemd unit forbids that can be forbidden without systemd.

    python confined.py UNIT PROGRAM [ARGUMENT...]

Its `SystemCallFilter` becomes a filter of the kernel, from systemd's own lists, and `MemoryDenyWriteExecute` the
kernel's flag of that meaning (Linux 6.3).
"""

import ctypes
import errno
import os
import subprocess
import sys
from pathlib import Path

SET_MDWE, REFUSE_EXEC_GAIN = 65, 1
ALLOW = 0x7FFF0000
ANSWER_EPERM = 0x00050000 | errno.EPERM


def values(unit: Path, name: str) -> list[str]:
    """Every value that a unit file gives a name, in their order."""
    return [line.partition("=")[2] for line in unit.read_text().splitlines() if line.startswith(f"{name}=")]


def system_calls(given: list[str]) -> set[str]:
    """The system calls that the values of SystemCallFilter allow."""
    allowed = _members("@default")
    for value in given:
        names = {name for word in value.lstrip("~").split() for name in _members(word)}
        allowed = allowed - names if value.startswith("~") else allowed | names
    return allowed


def _members(name: str) -> set[str]:
    """The system calls of one of systemd's sets, and of the sets in it."""
    if not name.startswith("@"):
        return {name}
    command = ["systemd-analyze", "syscall-filter", name]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = [line.strip() for line in said.splitlines()[1:]]
    return {each for line in lines if line and not line.startswith("#") for each in _members(line)}


def confine(unit: Path) -> None:
    """Puts this process, and what it becomes, under the unit's rules."""
    libc = ctypes.CDLL(None, use_errno=True)
    if values(unit, "MemoryDenyWriteExecute") == ["yes"] and libc.prctl(SET_MDWE, REFUSE_EXEC_GAIN, 0, 0, 0) != 0:
        sys.exit(f"MemoryDenyWriteExecute: {os.strerror(ctypes.get_errno())}")
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(seccomp.seccomp_init(ANSWER_EPERM))
    for name in system_calls(values(unit, "SystemCallFilter")):
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number >= 0 and seccomp.seccomp_rule_add(rules, ALLOW, number, 0) != 0:
            sys.exit(f"SystemCallFilter: {name}")
    if seccomp.seccomp_load(rules) != 0:
        sys.exit("SystemCallFilter: cannot be put in force")


if __name__ == "__main__":
    confine(Path(sys.argv[1]))
    os.execv(sys.argv[2], sys.argv[2:])
