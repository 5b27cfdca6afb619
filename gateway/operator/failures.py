"""Whatever keeps a command from being done: one line on standard error with the way out, and an exit status."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

from gateway.caller.options import UsageError
from gateway.ledger.store import LedgerStartError, LedgerUnavailableError, MaintenanceError
from gateway.operator.exit_status import LEDGER_FAILED, REFUSED, WRONG_COMMAND
from gateway.operator.printable import accept_everything, printable
from gateway.settings import InvalidSettingsError


class RefusedError(Exception):
    """What was asked for is not there, or cannot be done; says why, and the way out."""


@contextmanager
def told(command: str, *, writes: bool = False) -> Iterator[None]:
    """Ends the program with a clear line instead of a traceback.

    Args:
        command: What the person typed.
        writes: Whether it changes a record or the pause, which may be in doubt then.
    """
    accept_everything()
    try:
        yield
    except UsageError as error:
        _end(command, str(error), WRONG_COMMAND)
    except InvalidSettingsError as error:
        _end(command, "; ".join(error.mistakes), WRONG_COMMAND)
    except (RefusedError, MaintenanceError) as error:
        _end(command, str(error), REFUSED)
    except LedgerStartError as error:
        _end(command, f"the ledger cannot be opened: {error}", LEDGER_FAILED)
    except LedgerUnavailableError as error:
        _end(command, f"the ledger fails ({error.cause}): {_left(error, writes=writes)}", LEDGER_FAILED)
    except OSError as error:
        _end(command, f"the ledger cannot be opened: {error.strerror or type(error).__name__}", LEDGER_FAILED)


def _left(error: LedgerUnavailableError, *, writes: bool) -> str:
    """Says what a failure leaves behind, and that a repeat is safe."""
    if writes and error.in_doubt:
        return "whether this was written is not known; look, or repeat the command, which is safe"
    return "nothing was changed; try again"


def _end(command: str, words: str, status: int) -> NoReturn:
    typer.echo(printable(f"kaleyra-gateway {command}: {words}"), err=True)
    raise typer.Exit(status)
