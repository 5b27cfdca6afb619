"""What is no report: one 404 for everything, and an end to guessing."""

import asyncio

import pytest
from receiver_under_test import PATH, TOKEN, WRONG, request
from waiting import forever, until

from gateway.receiver import Limits
from gateway.receiver.allowance import Allowance
from gateway.receiver.sources import Sources

NOT_FOUND = (
    b"HTTP/1.1 404 Not Found\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 10\r\n"
    b"cache-control: no-store"
)
TO_WRONG = f"/reports/{WRONG}"

# One answer for all


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("GET", TO_WRONG, id="a wrong token"),
        pytest.param("POST", f"{TO_WRONG}/call_end?status=ANSWER", id="a wrong token, with an event"),
        pytest.param("GET", "/reports/TOKEN", id="the token of a dry run"),
        pytest.param("GET", f"/reports/{TOKEN[:-1]}", id="a short token"),
        pytest.param("GET", f"/reports/{TOKEN}0", id="a long token"),
        pytest.param("GET", f"/reports/{TOKEN.upper()}", id="a token in capitals"),
        pytest.param("GET", f"/reports/%30{TOKEN[1:]}", id="an escaped token"),
        pytest.param("GET", f"{PATH}/", id="a slash behind it"),
        pytest.param("GET", f"{PATH}/dlr", id="a kind that has no URL"),
        pytest.param("GET", f"{PATH}/call_end/x", id="more behind it"),
        pytest.param("GET", f"/other{PATH}", id="something before it"),
        pytest.param("GET", f"//reports/{TOKEN}", id="two slashes"),
        pytest.param("GET", f"/reports/../reports/{TOKEN}", id="dots"),
        pytest.param("GET", "/reports/", id="no token"),
        pytest.param("GET", "/", id="the root"),
        pytest.param("GET", "/metrics", id="anything else"),
        pytest.param("OPTIONS", "*", id="nothing at all"),
        pytest.param("PUT", PATH, id="PUT with a good token"),
        pytest.param("DELETE", PATH, id="DELETE with a good token"),
        pytest.param("OPTIONS", PATH, id="OPTIONS with a good token"),
        pytest.param("get", PATH, id="a method in small letters"),
        pytest.param("BREW", PATH, id="a method that is none"),
    ],
)
async def test_every_refusal_is_the_same(receiver, method, path):
    """The same bytes, whatever was wrong: nobody learns which part of a guess was good."""
    answer = await receiver.ask(request(method, path))

    assert (NOT_FOUND, b"Not found\n") == (answer.head, answer.body)
    assert [] == receiver.ledger.taken


async def test_a_head_is_no_report(receiver):
    """A link that is only looked at is refused as the rest, without a body, and its connection goes on."""
    async with receiver.connection() as client:
        answers = [await client.ask(request("HEAD", PATH), has_body=False), await client.ask(request("GET", PATH))]

    assert [NOT_FOUND, 200] == [answers[0].head, answers[1].status]
    assert 1 == len(receiver.ledger.taken)


async def test_what_is_no_token_is_not_looked_up(receiver):
    """Only 32 small hex digits are asked for, and nobody is charged for the rest."""
    for path in ("/reports/TOKEN", f"{PATH}/dlr", f"/reports/{TOKEN.upper()}", *(f"/reports/{n}" for n in range(100))):
        await receiver.get(path)
    await receiver.ask(request("PUT", PATH))

    assert 0 == receiver.ledger.looked_up
    assert 200 == (await receiver.get()).status


# Guessing has an end


async def test_a_source_that_guesses_is_limited(start_receiver):
    """After its allowance a source is told when to come again; a minute brings the allowance."""
    receiver = await start_receiver(refusals_per_minute=4)
    answers = [await receiver.get(TO_WRONG) for _ in range(6)]
    receiver.clock.advance(15)
    later = [(await receiver.get(TO_WRONG)).status for _ in range(2)]

    assert [404] * 4 + [429] * 2 == [answer.status for answer in answers]
    assert "15" == answers[-1].headers["retry-after"]
    assert [404, 429] == later


async def test_a_good_token_is_taken_from_a_limited_source(start_receiver):
    """And it forgives: somebody else may have guessed behind the same address."""
    receiver = await start_receiver(refusals_per_minute=1)
    statuses = [(await receiver.get(path)).status for path in (TO_WRONG, TO_WRONG, PATH, TO_WRONG, TO_WRONG)]

    assert [404, 429, 200, 404, 429] == statuses


async def test_limited_sources_are_looked_up_one_at_a_time(start_receiver):
    """All of them together, however many they are; whoever finds too many waiting costs no look-up. Others pass."""
    receiver = await start_receiver(limits=Limits(spent=3), refusals_per_minute=1, trusted_proxies=["127.0.0.1"])
    for source in ("203.0.113.1", "203.0.113.2"):
        await receiver.get(TO_WRONG, x_forwarded_for=source)
    receiver.ledger.behavior = (written := asyncio.Event()).wait
    waiting = [
        asyncio.ensure_future(receiver.get(path, x_forwarded_for=f"203.0.113.{1 + number % 2}"))
        for number, path in enumerate([TO_WRONG] * 5 + [PATH])
    ]
    await until(lambda: sum(task.done() for task in waiting) == 3)
    limited_at_once = [task.result().status for task in waiting if task.done()]
    looked_up = receiver.ledger.looked_up
    another = asyncio.ensure_future(receiver.get(x_forwarded_for="203.0.113.3"))
    await until(lambda: receiver.ledger.looked_up == looked_up + 1)
    written.set()
    await asyncio.gather(another, *waiting)

    assert ([429] * 3, 3, 6) == (limited_at_once, looked_up, receiver.ledger.looked_up)
    assert 200 == another.result().status


async def test_a_limited_source_waits_for_so_long(start_receiver):
    """A ledger that takes too long is not waited for by one after the other."""
    receiver = await start_receiver(limits=Limits(patience=0.2, goodbye=0.05), refusals_per_minute=1)
    await receiver.get(TO_WRONG)
    receiver.ledger.behavior = forever
    answers = await asyncio.gather(*(receiver.get() for _ in range(20)))

    assert {429, 503} == {answer.status for answer in answers}
    assert receiver.ledger.looked_up < 20


async def test_whoever_brings_reports_is_not_limited_by_who_guesses(start_receiver):
    """Behind one address, while guesses come one after the other over several connections."""
    receiver = await start_receiver(refusals_per_minute=1)
    has_ended = False

    async def guess():
        async with receiver.connection() as client:
            while not has_ended:
                await client.ask(request("GET", TO_WRONG))

    guessing = [asyncio.create_task(guess()) for _ in range(20)]
    statuses = [(await receiver.get()).status for _ in range(50)]
    has_ended = True
    await asyncio.gather(*guessing)

    assert [200] * 50 == statuses


async def test_whoever_brings_reports_is_not_limited(start_receiver):
    """A good token among wrong ones fills the allowance: an address may be shared with somebody who guesses."""
    receiver = await start_receiver(refusals_per_minute=2)
    paths = [TO_WRONG, PATH] * 10 + [PATH] * 200
    statuses = [(await receiver.get(path)).status for path in paths]

    assert [404, 200] * 10 + [200] * 200 == statuses


async def test_many_reports_at_once_are_not_limited(start_receiver):
    """Nobody is charged before the ledger has said that a token is wrong."""
    receiver = await start_receiver(refusals_per_minute=1)
    answers = await asyncio.gather(*(receiver.get() for _ in range(300)))

    assert {200} == {answer.status for answer in answers}
    assert 300 == len(receiver.ledger.taken)


async def test_a_ledger_that_is_down_is_nobodys_guess(start_receiver, broken_ledger):
    """What could not be looked up is not charged."""
    receiver = await start_receiver(refusals_per_minute=1)
    receiver.ledger.behavior = broken_ledger
    statuses = [(await receiver.get(TO_WRONG)).status for _ in range(3)]

    assert [503] * 3 == statuses


@pytest.mark.parametrize(
    ("trusted", "other"),
    [
        pytest.param(["127.0.0.1"], 404, id="a trusted proxy speaks for its clients"),
        pytest.param(["127.0.0.0/8", "10.0.0.0/8"], 404, id="a trusted network"),
        pytest.param([], 429, id="anybody else is taken for the source"),
        pytest.param(["10.0.0.1"], 429, id="also where there are proxies elsewhere"),
    ],
)
async def test_who_is_behind_a_proxy(start_receiver, trusted, other):
    """X-Forwarded-For is believed of a trusted proxy only: whoever could choose it could have others limited."""
    receiver = await start_receiver(refusals_per_minute=1, trusted_proxies=trusted)
    first = [await receiver.get(TO_WRONG, x_forwarded_for="203.0.113.1") for _ in range(2)]
    second = await receiver.get(TO_WRONG, x_forwarded_for="203.0.113.2")
    guess = await receiver.get(TO_WRONG, x_forwarded_for="198.51.100.9, 203.0.113.2")

    assert [404, 429, other, 429] == [answer.status for answer in (*first, second, guess)]


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded_for", "source"),
    [
        pytest.param([], "203.0.113.1", [], "203.0.113.1", id="the other end"),
        pytest.param([], "203.0.113.1", [b"192.0.2.1"], "203.0.113.1", id="what nobody vouches for"),
        pytest.param(["10.0.0.0/8"], "203.0.113.1", [b"192.0.2.1"], "203.0.113.1", id="from past the proxy"),
        pytest.param(["10.0.0.0/8"], "10.0.0.1", [], "10.0.0.1", id="a proxy that says nothing"),
        pytest.param(["10.0.0.0/8"], "10.0.0.1", [b"192.0.2.9, 192.0.2.1"], "192.0.2.1", id="what the proxy added"),
        pytest.param(["10.0.0.0/8"], "10.0.0.1", [b"192.0.2.9", b"192.0.2.1 "], "192.0.2.1", id="as a second header"),
        pytest.param(["10.0.0.0/8"], "10.0.0.1", [b"192.0.2.1,10.0.0.2"], "192.0.2.1", id="two proxies"),
        pytest.param(["10.0.0.0/8"], "10.0.0.1", [b"10.0.0.3,10.0.0.2"], "10.0.0.3", id="proxies only"),
        pytest.param(["10.0.0.0/8"], "10.0.0.1", [b"192.0.2.1, unknown"], "10.0.0.1", id="no address"),
        pytest.param(["10.0.0.0/8"], "10.0.0.1", [b"\xff,"], "10.0.0.1", id="no text"),
        pytest.param(["10.0.0.0/8"], "10.0.0.1", [b"192.0.2.1:4711"], "192.0.2.1", id="with a port"),
        pytest.param(["10.0.0.0/8"], "10.0.0.1", [b"[2001:db8::1]:4711"], "2001:db8::/64", id="IPv6 with a port"),
        pytest.param(["10.0.0.0/8"], "10.0.0.1", [b"10.0.0.2," * 9000], "10.0.0.1", id="nothing but commas at its end"),
        pytest.param(["10.0.0.0/8"], "::ffff:10.0.0.1", [b"192.0.2.1"], "192.0.2.1", id="IPv4 within IPv6"),
        pytest.param(["fd00::/8"], "fd00::1", [b"2001:db8:0:1:2:3:4:5"], "2001:db8:0:1::/64", id="IPv6 by its network"),
        pytest.param([], "2001:db8::1", [], "2001:db8::/64", id="every address of a network is one source"),
        pytest.param([], "fe80::1%eth0", [], "fe80::/64", id="a link of this machine"),
        pytest.param([], "", [], "", id="whoever is gone"),
    ],
)
def test_the_source_is_the_last_that_is_no_proxy(trusted, peer, forwarded_for, source):
    """Read from its end, where proxies of ours add what they saw."""
    assert source == Sources(trusted).source_of(peer, forwarded_for)


def test_only_so_many_sources_are_remembered(clock):
    """Whoever comes from everywhere fills no memory; the one that was wrong longest ago is forgotten."""
    allowance = Allowance(1, clock, sources=3)
    for source in "abacd":
        allowance.spend(source)

    assert ["a", "c", "d"] == [source for source in "abcde" if allowance.is_spent(source)]


def test_a_clock_that_is_set_back_takes_nothing_away(clock):
    """What a source had left, it still has."""
    allowance = Allowance(3, clock)
    allowance.spend("a")
    clock.advance(-3600)
    allowance.spend("a")
    before = allowance.is_spent("a")
    allowance.spend("a")

    assert [False, True] == [before, allowance.is_spent("a")]
