"""What `kaleyra-gateway sandbox` understands of its options."""

import httpx2
import pytest
from sandbox_forms import KEY, PATH, fields

from gateway.sandbox import Account, Sandbox
from gateway.sandbox.command import accounts_from, latency_from


def test_accounts_are_given_as_sid_and_key():
    """Two keys of one SID are both good; a key may hold colons."""
    expected = [Account("H1", frozenset({"a", "b:c"})), Account("H2", frozenset({"d"}))]

    assert expected == accounts_from(["H1:a", "H2:d", "H1:b:c"])


@pytest.mark.parametrize("text", ["H1", "H1:", ":key", ""])
def test_half_an_account_is_refused_with_the_way_out(text):
    """An account is a SID and a key."""
    with pytest.raises(ValueError, match="must be SID:KEY"):
        accounts_from([text])


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        pytest.param("0", (0, 0), id="none"),
        pytest.param("200", (0.2, 0.2), id="always the same"),
        pytest.param("50-300", (0.05, 0.3), id="a range"),
    ],
)
def test_latency_is_in_milliseconds(text, seconds):
    """A time, or the shortest and the longest."""
    assert seconds == latency_from(text)


@pytest.mark.parametrize("text", ["", "-1", "300-50", "1s", "1-2-3", "0.5"])
def test_another_latency_is_refused_with_the_way_out(text):
    """The option says what it wants."""
    with pytest.raises(ValueError, match="such as 200 or 50-300"):
        latency_from(text)


async def test_the_same_seed_takes_the_same_times(monkeypatch):
    """A run that found something can be run again."""
    waits = {}
    for run, seed in (("first", 7), ("again", 7), ("other", 8)):
        times = waits[run] = []

        async def sleep(seconds, times=times):
            times.append(seconds)

        monkeypatch.setattr("gateway.sandbox.app.asyncio.sleep", sleep)
        sandbox = Sandbox(latency=(0.05, 0.3), seed=seed)
        transport = httpx2.ASGITransport(app=sandbox.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://sandbox") as client:
            for _ in range(3):
                await client.post(PATH, data=fields(), headers=KEY)

    assert waits["first"] == waits["again"] != waits["other"]
    assert all(0.05 <= seconds <= 0.3 for seconds in waits["first"])
