"""A 200 means that the report is written down; all else says that it may come again."""

import asyncio

import pytest
from receiver_under_test import PATH, request
from waiting import forever, until

from gateway.receiver import Limits


async def test_the_answer_waits_for_the_ledger(receiver):
    """No byte of it leaves before the report is written down."""
    written = asyncio.Event()
    receiver.ledger.behavior = written.wait
    async with receiver.connection() as client:
        await client.send(request("GET", PATH))
        await until(lambda: receiver.ledger.looked_up == 1)
        beginning = asyncio.ensure_future(client.reader.read(1))
        await until_a_second_report_passes(receiver)
        came_early = beginning.done()
        written.set()

        assert (False, b"H") == (came_early, await beginning)
    assert 2 == len(receiver.ledger.taken)


async def until_a_second_report_passes(receiver):
    """Has one whole request and answer happen meanwhile."""
    waiting, receiver.ledger.behavior = receiver.ledger.behavior, None
    assert 200 == (await receiver.get()).status
    receiver.ledger.behavior = waiting


async def test_a_ledger_that_is_down(receiver, broken_ledger):
    """The report may come again; the same for a good token and a wrong one."""
    receiver.ledger.behavior = broken_ledger
    answers = [await receiver.get(), await receiver.get(f"/reports/{'e' * 32}")]

    assert answers[0] == answers[1]
    assert (503, "10", b"Try again later\n") == (
        answers[0].status,
        answers[0].headers["retry-after"],
        answers[0].body,
    )


async def test_a_bug_of_ours_is_a_report_that_may_come_again(receiver):
    """Whatever is raised, the answer is the same and shows nothing of it; the next report is taken."""

    async def failing():
        raise ValueError("+13236550107")

    receiver.ledger.behavior = failing
    answer = await receiver.get()
    receiver.ledger.behavior = None

    assert (503, b"Try again later\n") == (answer.status, answer.body)
    assert 200 == (await receiver.get()).status


async def test_patience_has_an_end_and_the_write_goes_on(start_receiver):
    """A ledger that takes too long is answered for, and what it is doing is not cut off."""
    receiver = await start_receiver(limits=Limits(patience=0.05))
    written = asyncio.Event()
    receiver.ledger.behavior = written.wait
    answer = await receiver.get()
    taken_before = len(receiver.ledger.taken)
    written.set()
    await until(lambda: len(receiver.ledger.taken) == 1)

    assert (503, 0) == (answer.status, taken_before)


async def test_so_many_are_in_the_ledger_at_once(start_receiver):
    """One more is told to come again without a look-up; one that was answered for and still runs counts, too."""
    receiver = await start_receiver(limits=Limits(at_once=3, patience=0.5))
    written = asyncio.Event()
    receiver.ledger.behavior = written.wait
    slow = await asyncio.gather(*(receiver.get() for _ in range(3)))
    busy = await receiver.get()
    looked_up = receiver.ledger.looked_up
    written.set()
    await until(lambda: len(receiver.ledger.taken) == 3)

    assert ([503] * 3, 503, 3) == ([answer.status for answer in slow], busy.status, looked_up)
    assert 200 == (await receiver.get()).status


async def test_a_client_that_leaves_changes_nothing(receiver):
    """What was asked for whole is written down, whoever waits for the answer."""
    written = asyncio.Event()
    receiver.ledger.behavior = written.wait
    async with receiver.connection() as client:
        await client.send(request("POST", PATH, b"status=BUSY"))
        await until(lambda: receiver.ledger.looked_up == 1)
        client.reset()
        await client.end()
    await until_a_second_report_passes(receiver)
    written.set()
    await until(lambda: len(receiver.ledger.taken) == 2)


async def test_a_client_that_leaves_in_its_request_asked_for_nothing(receiver):
    """Half a body is no report."""
    async with receiver.connection() as client:
        await client.send(request("POST", PATH, b"status=BUSY")[:-1])
        client.reset()
        await client.end()

    assert 200 == (await receiver.get()).status
    assert 1 == receiver.ledger.looked_up


async def test_a_stop_gives_every_report_its_answer(receiver):
    """Those in flight are answered, their connections and the idle ones are closed, and nobody new gets in."""
    written = asyncio.Event()
    receiver.ledger.behavior = written.wait
    async with receiver.connection() as busy, receiver.connection() as idle:
        await busy.send(request("GET", PATH))
        await until(lambda: receiver.ledger.looked_up == 1)
        stopping = asyncio.ensure_future(receiver.receiver.stop())
        assert b"" == await idle.end()
        with pytest.raises(ConnectionRefusedError):
            await receiver.get()
        assert not stopping.done()
        written.set()
        answer = await busy.answer()
        assert b"" == await busy.end()
        await stopping

    assert (200, 1) == (answer.status, len(receiver.ledger.taken))


async def test_a_stop_has_an_end(start_receiver):
    """A ledger that never answers holds nobody up; the report was not acknowledged."""
    receiver = await start_receiver(limits=Limits(goodbye=0.05))
    receiver.ledger.behavior = forever
    async with receiver.connection() as client, receiver.connection() as slow:
        await client.send(request("GET", PATH))
        await slow.send(request("POST", PATH, b"status=BUSY")[:-1])
        await until(lambda: receiver.ledger.looked_up == 1)
        async with asyncio.timeout(60):
            await receiver.receiver.stop()

        assert (b"", b"") == (await client.end(), await slow.end())
    assert [] == receiver.ledger.taken


async def test_a_stop_before_a_start(receiver):
    """Nothing listens, nothing ends; and twice is once."""
    await receiver.receiver.stop()
    await receiver.receiver.stop()
