"""How the provider may read a number, when nobody knows whether it applies the prefix."""

import pytest

from gateway.kaleyra.numbers import readings


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
