"""When a phone is dialed again: pure."""

import pytest

from gateway.sandbox.redial import Redials
from gateway.sandbox.retry import read_retry

RULES = '[{"count": 1, "status": ["busy"]}, {"count": 2, "status": ["busy", "noanswer"]}]'


@pytest.mark.parametrize(
    ("retry", "ends", "redials"),
    [
        pytest.param(None, ["BUSY"], [False], id="no retry"),
        pytest.param("0", ["BUSY"], [False], id="nought"),
        pytest.param("2", ["BUSY", "NOANSWER", "BUSY"], [True, True, False], id="a count, for any end"),
        pytest.param('{"count": 1}', ["REJECTED", "REJECTED"], [True, False], id="a count as an object"),
        pytest.param("2", ["UNHEARD_OF"], [True], id="a count, for an unheard-of end too"),
        pytest.param("2", ["ANSWER"], [False], id="a count, but nobody who answered"),
        pytest.param(RULES, ["BUSY"] * 4, [True, True, True, False], id="rules for the same end, one after the other"),
        pytest.param(
            RULES, ["NOANSWER", "BUSY", "BUSY", "BUSY"], [True, True, True, False], id="rules, each by itself"
        ),
        pytest.param(RULES, ["REJECTED", "CONGESTION"], [False, False], id="an end that no rule names"),
        pytest.param('[{"count": 1, "status": ["answer"]}]', ["ANSWER", "ANSWER"], [True, False], id="who answered"),
        pytest.param('[{"count": 1, "status": []}]', ["BUSY", "ANSWER"], [False, False], id="a rule without status"),
    ],
)
def test_the_requests_own_retry_says_whether(retry, ends, redials):
    """Each redial is used up once."""
    left = Redials(None if retry is None else read_retry(retry))

    assert redials == [left.take(end) for end in ends]
