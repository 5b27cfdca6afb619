"""What the receiver logs: a line a report for whoever looks closely, and no token or number in any."""

import io
import json
import logging

import pytest
from planted_secrets import NUMBERS, found_in, reprs_below
from receiver_under_test import PATH, TOKEN, WRONG, request

from gateway.receiver import Limits
from gateway.receiver.answers import BUSY, UNAVAILABLE, limited
from gateway.receiver.turned_away import TurnedAway
from gateway.telemetry import Secrets, configure_logs

SECRETS = (TOKEN, WRONG, *NUMBERS, "Zq7-key", "Zq7-text")
QUERY = "callee=%2B13236550107&caller=2079460000&keypress=Zq7-key&a_custom=Zq7-text"


@pytest.fixture
def stream():
    """Where the log goes, at DEBUG, with every library told to log all it can."""
    written = io.StringIO()
    configure_logs(Secrets(), form="json", level="DEBUG", stream=written)
    loggers = [logging.getLogger(name) for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "asyncio", "h11")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(1)
    yield written
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def lines(stream, event):
    return [line for line in map(json.loads, stream.getvalue().splitlines()) if line["event"] == event]


async def test_a_report_is_one_line(receiver, stream):
    """Its kind, what became of it, and how long that took: at DEBUG, for there may be thousands a second."""
    await receiver.get(f"{PATH}/call_end?{QUERY}")
    [line] = map(json.loads, stream.getvalue().splitlines())
    duration = line.pop("duration_ms")
    line.pop("timestamp")

    assert {"event": "report", "level": "debug", "kind": "call_end", "outcome": "taken"} == line
    assert 0 <= duration < 20_000


async def test_at_info_reports_are_silent(receiver):
    """Neither good ones nor guesses fill a log that is read."""
    stream = io.StringIO()
    configure_logs(Secrets(), form="json", level="INFO", stream=stream)
    for data in (request("GET", PATH), request("GET", f"/reports/{WRONG}"), request("GET", "/"), b"\x00\r\n\r\n"):
        await receiver.ask(data)

    assert "" == stream.getvalue()


async def test_uvicorn_says_nothing(start_receiver, caplog):
    """Not even to whoever asks its loggers for everything: its lines would show paths, and tokens in them."""
    caplog.set_level(1)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        caplog.set_level(1, logger=name)
    receiver = await start_receiver()
    for data in (request("GET", PATH), request("GET", "/"), b"\x00\r\n\r\n"):
        await receiver.ask(data)
    await receiver.receiver.stop()

    names = {record.name for record in caplog.records}
    assert set() == {name for name in names if name.startswith("uvicorn") or name == "gateway.receiver"}


async def test_reports_that_are_turned_away_are_told_once(receiver, broken_ledger, stream):
    """An operator hears of it at once, and then not once a report; the stop tells the rest."""
    receiver.ledger.behavior = broken_ledger
    for _ in range(5):
        await receiver.get()
    first = [line["unavailable"] for line in lines(stream, "reports were turned away")]
    await receiver.receiver.stop()
    [_, rest] = lines(stream, "reports were turned away")

    assert [1] == first
    assert (4, "warning") == (rest["unavailable"], rest["level"])


def test_it_is_told_why_and_to_whom(stream):
    """Each reason with its number; the source of wrong tokens by name, for it may be a proxy that is not trusted."""
    away = TurnedAway(every=0)
    away._every = 3600
    away._told = -1e9
    away.count(BUSY, "192.0.2.1")
    for answer, source in ((UNAVAILABLE, "192.0.2.1"), (limited(1), "192.0.2.7"), (limited(1), "192.0.2.7")):
        away.count(answer, source)
    away._every = 0
    away.count(BUSY, "192.0.2.1")
    first, second = [
        {name: value for name, value in line.items() if name not in {"timestamp", "level", "event"}}
        for line in lines(stream, "reports were turned away")
    ]

    assert ({"busy": 1}, {"busy": 1, "unavailable": 1, "limited": 2, "limited_source": "192.0.2.7"}) == (first, second)


async def test_a_bug_is_told_with_its_place(receiver, stream):
    """As an error with types and places, and not the exception's text."""

    async def failing():
        raise ValueError(" ".join(SECRETS))

    receiver.ledger.behavior = failing
    await receiver.get(f"{PATH}?{QUERY}")
    [line] = lines(stream, "a report could not be taken")

    assert ("error", "dlr", True) == (line["level"], line["kind"], line["exception"].startswith("ValueError\n"))
    assert [] == found_in(stream.getvalue(), *SECRETS)


async def test_a_bug_before_the_ledger_is_told_too(receiver, stream):
    """Nothing of it is left to uvicorn, which would answer 500."""
    receiver.receiver._reception._now = None
    answer = await receiver.get()
    [line] = lines(stream, "a request could not be answered")

    assert (503, "error") == (answer.status, line["level"])


async def test_no_line_holds_a_token_or_a_number(start_receiver, broken_ledger, stream, capfd):
    """Whatever is sent, and whatever goes wrong, at DEBUG and with every library at its loudest."""
    receiver = await start_receiver(limits=Limits(sending=3), refusals_per_minute=3)
    reprs = []
    urls = [f"{path}?{QUERY}" for path in (PATH, f"{PATH}/call_start", f"/reports/{WRONG}", f"/{TOKEN}/2079460000")]
    sent = [request(method, url, x_forwarded_for="2079460000") for url in urls for method in ("GET", "POST", "PUT")]
    sent += [
        request("POST", PATH, json.dumps(list(SECRETS)).encode()),
        request("POST", PATH, json.dumps({"callee": NUMBERS[0], "keypress": "Zq7-key"}).encode()),
        request("POST", PATH, b"Zq7-text" * 9000),
        request("GET", f"{PATH}?{'2079460000' * 1700}"),
        request("GET", PATH, upgrade="websocket", connection=f"upgrade, {TOKEN}"),
        f"GET {PATH}?{QUERY}\r\n\r\n".encode(),
        f"GET {PATH} HTTP/1.1\r\n2079460000\r\n\r\n".encode(),
        request("POST", PATH, transfer_encoding="chunked") + b"2079460000 Zq7-text\r\n",
    ]

    async def taking():
        reprs.extend(reprs_below(receiver.receiver))

    async def failing():
        raise ValueError(" ".join(SECRETS))

    for behavior in (taking, broken_ledger, failing):
        receiver.ledger.behavior = behavior
        for data in sent:
            await receiver.ask(data)
    async with receiver.connection() as client:
        await client.send(request("POST", f"{PATH}?{QUERY}", b"Zq7-text")[:-1])
        await client.end()
    written, printed = stream.getvalue(), "\n".join(capfd.readouterr())

    assert len(lines(stream, "report")) > 40
    assert len(reprs) > 20
    assert [] == found_in(written, *SECRETS)
    assert [] == found_in(printed, *SECRETS)
    assert [] == found_in("\n".join(reprs), *SECRETS)
