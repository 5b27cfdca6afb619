"""Standard output of a command, which may fail: on a full disk, or where nobody reads the pipe any more."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Any

FAILED = 1
"""The exit status of a command whose output could not be written."""


class OutputError(Exception):
    """Standard output cannot be written.

    Attributes:
        why: The system's words.
        advice: What a person should know all the same; empty where nothing is lost by it.
    """

    def __init__(self, why: str, advice: str = "") -> None:
        super().__init__(why, advice)
        self.why = why
        self.advice = advice

    @property
    def is_told(self) -> bool:
        """Whether a person is told; whoever closed the pipe, as `head` does, knows why no more came."""
        return bool(self.advice) or self.why != os.strerror(errno.EPIPE)


class _Output(io.TextIOWrapper):
    def write(self, text: str, /) -> int:
        try:
            return super().write(text)
        except OSError as error:
            raise _failure(error) from None

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            raise _failure(error) from None


def guard_output() -> None:
    """Has whatever cannot be written to standard output raise OutputError, which is no failure of anything else."""
    stdout: Any = sys.stdout
    if isinstance(stdout, io.TextIOWrapper):
        encoding, errors = stdout.encoding, stdout.errors
        by_line, at_once = stdout.line_buffering, stdout.write_through
        sys.stdout = _Output(
            stdout.detach(), encoding=encoding, errors=errors, line_buffering=by_line, write_through=at_once
        )


def give_up(error: OutputError) -> None:
    """Says why a command's output is not there, and drops what is left of it."""
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)  # where Python writes the rest of its buffer at its end
    os.close(sink)
    if not error.is_told:
        return
    words = ". ".join(part for part in (f"the output cannot be written: {error.why}", error.advice) if part)
    print(f"kaleyra-gateway: {words}", file=sys.stderr)  # noqa: T201


def _failure(error: OSError) -> OutputError:
    return OutputError(error.strerror or type(error).__name__)
