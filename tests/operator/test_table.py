"""Rows in columns: one line each where that fits, else as few as the terminal needs."""

import pytest

from gateway.operator.table import table

ROWS = [("WHEN", "ID", "WHOSE", "WHAT"), ("today", "reminder-1", "default", "accepted"), ("yesterday", "r-2", "x", "-")]


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        pytest.param(
            None,
            ["WHEN       ID          WHOSE    WHAT", "today      reminder-1  default  accepted"],
            id="no terminal",
        ),
        pytest.param(
            40,
            ["WHEN       ID          WHOSE    WHAT", "today      reminder-1  default  accepted"],
            id="a terminal that is just wide enough",
        ),
        pytest.param(
            39,
            ["WHEN       ID          WHAT", "today      reminder-1  accepted"],
            id="a little less: what can be spared",
        ),
        pytest.param(30, ["WHEN       ID", "  WHAT", "today      reminder-1", "  accepted"], id="less: a second line"),
        pytest.param(5, ["WHEN", "  ID", "  WHAT", "today", "  reminder-1", "  accepted"], id="hardly a terminal"),
    ],
)
def test_a_table_fits_its_terminal(width, lines):
    """No line is cut, and columns stay under their header."""
    laid_out = table(ROWS, width, dispensable=2)

    assert lines == laid_out[0] + laid_out[1]
