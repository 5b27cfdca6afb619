"""What `kaleyra-gateway sandbox` understands of its options."""

import asyncio
import re
import sys

import httpx2
import pytest
from report_listener import ReportListener
from sandbox_forms import KEY, PATH, TO, fields

from gateway.sandbox import Account, Placeholder, Sandbox
from gateway.sandbox.command import accounts_from, latency_from, placeholders_from


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


@pytest.mark.parametrize(
    ("text", "placeholders"),
    [
        pytest.param("double,single,bare", set(Placeholder), id="all"),
        pytest.param("bare", {Placeholder.BARE}, id="one"),
        pytest.param("none", set(), id="none"),
    ],
)
def test_syntaxes_are_named(text, placeholders):
    """Any of them, or none at all."""
    assert placeholders == placeholders_from(text)


@pytest.mark.parametrize("text", ["", "doubel", "double bare", "none,double"])
def test_another_syntax_is_refused_with_the_way_out(text):
    """The option says what it wants."""
    with pytest.raises(ValueError, match="must be some of double,single,bare, or none"):
        placeholders_from(text)


async def test_the_command_plays_as_its_options_say():
    """It says where its page is; phones are as fast, and URLs as substituted, as was asked for."""
    options = ["--listen", "127.0.0.1:0", "--speed", "5000", "--placeholders", "bare", "--dlr-answered-only"]
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "gateway", "sandbox", *options], stdout=asyncio.subprocess.PIPE
    )
    async with ReportListener.listening() as listener:
        [url] = re.findall(r"http://\S+\d", (await process.stdout.readline()).decode())
        page = (await process.stdout.readline()).decode()
        dlrurl = f"{listener.url}/dlrurl?who=callee&raw={{callee}}"
        async with httpx2.AsyncClient(base_url=url, headers=KEY, verify=False, timeout=60) as client:
            opened = await client.get("/")
            await client.post(PATH, data=fields(to=f"+13236550160,{TO}", dlrurl=dlrurl))
        await listener.arrived(1)
    process.terminate()
    printed, _ = await process.communicate()

    assert f"open {url}/ in a browser" in page
    assert "<title>Sandbox: phones</title>" in opened.text
    assert [("/dlrurl", {"who": TO, "raw": "{callee}"})] == listener.reports
    assert 0 == process.returncode
    assert "3236550107" not in printed.decode()


@pytest.mark.parametrize("option", [["--speed", "0"], ["--speed", "nan"], ["--placeholders", "doubel"]])
async def test_a_wrong_option_is_named(option):
    """Nothing is served with a setting that means nothing."""
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "gateway", "sandbox", "--listen", "127.0.0.1:0", *option],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await process.communicate()

    assert 2 == process.returncode
    assert option[0] in errors.decode()
