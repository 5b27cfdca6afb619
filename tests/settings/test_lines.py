"""Where in the file a mistake stands."""

import pytest

from gateway.settings.lines import line_of

DOCUMENT = """\
listen = "x"

[accounts.default]   # ours
sid = "H1"
[accounts."night-duty"]
  base_url="x"

[provider]
codes.RBC9999 = "X"
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        pytest.param("listen", 1, id="before any table"),
        pytest.param("accounts.default.sid", 4, id="in a table"),
        pytest.param("accounts.default.api_key", 3, id="what is missing is where its table begins"),
        pytest.param("accounts.night-duty.base_url", 6, id="under a quoted name, indented"),
        pytest.param("provider.codes.RBC9999", 9, id="a dotted name"),
        pytest.param("provider.refusing_statuses.0", 8, id="an item of a list that is not there"),
        pytest.param("tls.key_file", None, id="nowhere"),
    ],
)
def test_a_setting_is_found_by_its_path(path, line):
    """The line is the setting's own, or its table's."""
    assert line == line_of(DOCUMENT, path)
