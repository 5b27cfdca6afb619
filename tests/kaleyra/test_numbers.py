"""How the provider may read a number, when nobody knows whether it applies the prefix."""

import pytest

from gateway.kaleyra.numbers import readings, recipient_of
from gateway.kaleyra.reports import NOBODY
from voicegateway.v1.outbound_call_pb2 import OutboundCallRequest


@pytest.mark.parametrize(
    ("number", "prefix", "expected"),
    [
        pytest.param("+13236550107", "", {"13236550107"}, id="with +"),
        pytest.param("+442071838750", "1", {"442071838750"}, id="with +, of another country than the prefix"),
        pytest.param("+13236550107", "+1", {"13236550107"}, id="with +, of the prefix's country"),
        pytest.param("3236550107", "1", {"13236550107"}, id="without +: the prefix is applied"),
        pytest.param("3236550107", "+1", {"13236550107"}, id="without +: so is a prefix with +"),
        pytest.param(
            "13236550107", "1", {"13236550107", "113236550107"}, id="without +, beginning like the prefix: both"
        ),
        pytest.param("3236550107", "", {"3236550107"}, id="without + or prefix, which the rules refuse"),
    ],
)
def test_every_phone_that_may_ring_is_a_reading(number, prefix, expected):
    """Where the country code may already be given, the number counts with the prefix and without."""
    assert expected == readings(number, prefix)


@pytest.mark.parametrize(
    ("numbers", "prefix", "callee", "place"),
    [
        pytest.param(["+13236550107", "+13236550108"], "", "13236550108", 1, id="as it was written"),
        pytest.param(["3236550107", "3236550108"], "1", "13236550108", 1, id="with the prefix"),
        pytest.param(["+13236550107", "+13236550108"], "1", "3236550108", 1, id="without the prefix"),
        pytest.param(["+13236550107", "+13236550108"], "", "3236550108", 1, id="without a country code"),
        pytest.param(["+13236550107", "+443236550107"], "", "3236550107", None, id="of two countries, nobody knows"),
        pytest.param(["+13236550107", "+443236550107"], "", "13236550107", 0, id="of two countries, one is named"),
        pytest.param(["+13236550107"], "", "550107", None, id="too short to be sure"),
        pytest.param(["+13236550107"], "", "3236550199", None, id="another number"),
        pytest.param(["+13236550107"], "", "", 0, id="none, with one recipient"),
        pytest.param(["+13236550107", "+13236550108"], "", "", None, id="none, with two"),
        pytest.param(["+13236550107"], "", NOBODY, None, id="something else than a number"),
    ],
)
def test_a_report_is_about_the_recipient_that_its_callee_names(numbers, prefix, callee, place):
    """Where that is certain: else it says nothing about anybody."""
    call = OutboundCallRequest(recipients=[{"number": number} for number in numbers], prefix=prefix)

    assert place == recipient_of(call, callee)
