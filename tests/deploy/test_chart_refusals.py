"""What would lose calls, or never start, is refused before it is installed, by name and with the way out."""

from pathlib import Path

import pytest
import yaml
from chart import CHART, MINIMAL, RefusedError

from gateway.settings import PATH_BY_VARIABLE

CASES = yaml.safe_load(Path(__file__).with_name("refusals.yaml").read_text())
SECRET = "planted-secret-0123456789"


@pytest.mark.parametrize("case", [pytest.param(each, id=each["about"]) for each in CASES])
def test_wrong_values_are_refused_by_name_with_the_way_out(helm, case):
    """Helm prints which value is wrong and what to do, and never a secret."""
    with pytest.raises(RefusedError) as refused:
        helm.template(CHART / "ci" / f"{case['file']}-values.yaml", values=case["values"].replace("$SECRET", SECRET))
    words = str(refused.value)

    assert case["named"] in words
    assert case["way_out"] in words
    assert SECRET not in words


@pytest.mark.parametrize("variable", sorted(PATH_BY_VARIABLE))
def test_no_variable_of_the_gateways_goes_behind_the_charts_back(helm, variable):
    """Each would win over the values that were checked: the setting's place among the values is named."""
    with pytest.raises(RefusedError, match=rf"extraEnv: {variable} would win .* set [a-z_.A-Z]+ instead"):
        helm.template(MINIMAL, values=f"extraEnv: [{{name: {variable}, value: x}}]")


def test_an_upgrade_makes_no_ledger(helm):
    """Once the release exists, an empty ledger would only stand in the place of a lost one."""
    helm.template(MINIMAL, values="ledger: {create: true}")

    with pytest.raises(RefusedError, match=r"ledger\.create: is for the first `helm install` alone.*set it to false"):
        helm.template(MINIMAL, values="ledger: {create: true}", options=("--is-upgrade",))


def test_every_mistake_is_told_at_once(helm):
    """Who has made three mistakes reads of three."""
    with pytest.raises(RefusedError) as refused:
        helm.template(
            MINIMAL, values="{settings: {drain_grace: 1}, ledger: {keep_days: 500}, tls: {clientCaSecret: callers}}"
        )

    for named in ("settings.drain_grace", "ledger.tombstone_days", "tls.clientCaSecret"):
        assert f"- {named}: " in str(refused.value)


def test_without_any_values_it_asks_for_an_account(helm):
    """A bare `helm install` says what is needed."""
    with pytest.raises(RefusedError, match=r"accounts: none is given; set accounts\.default"):
        helm.template()
