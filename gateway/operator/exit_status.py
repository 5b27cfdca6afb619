"""What the exit status of a command for operators means to a script."""

from typing import Final

DONE: Final = 0
REFUSED: Final = 1
WRONG_COMMAND: Final = 2
LEDGER_FAILED: Final = 3

IN_WORDS: Final = f"""\b
Exit status: {DONE} done, {REFUSED} refused or not found, {WRONG_COMMAND} a wrong command line or
setting, {LEDGER_FAILED} the ledger cannot be opened, or fails.
"""
