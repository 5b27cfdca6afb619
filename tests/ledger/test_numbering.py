"""Events are numbered once at a time, and for everybody who asked before."""

import asyncio

import pytest

from gateway.ledger.numbering import Numbering
from gateway.ledger.store import LedgerUnavailableError


class Numberer:
    """Takes its time, and counts."""

    def __init__(self) -> None:
        self.committed = 0
        self.numbered = 0
        self.times = 0
        self.at_once = 0
        self.go_on = asyncio.Event()
        self.fails = False

    async def __call__(self) -> int:
        self.times, self.at_once = self.times + 1, self.at_once + 1
        assert 1 == self.at_once
        seen = self.committed
        await self.go_on.wait()
        self.at_once -= 1
        if self.fails:
            raise LedgerUnavailableError("Timeout")
        self.numbered = seen
        return 0


@pytest.fixture
def numberer():
    return Numberer()


async def begun(numbering, count):
    """So many who ask, and have begun to wait."""
    asking = [asyncio.ensure_future(numbering()) for _ in range(count)]
    for _ in range(3):
        await asyncio.sleep(0)
    return asking


async def test_many_who_ask_at_once_share_it(numberer):
    """Once that runs, and once more for whoever came while it ran."""
    numbering = Numbering(numberer)
    asking = await begun(numbering, 1) + await begun(numbering, 50)
    numberer.go_on.set()
    await asyncio.gather(*asking)

    assert 2 == numberer.times


async def test_what_is_committed_before_somebody_asks_is_numbered(numberer):
    """Also when it is being done already, and has not seen that."""
    numbering = Numbering(numberer)
    first = await begun(numbering, 1)
    numberer.committed = 7
    asking = await begun(numbering, 1)
    numberer.go_on.set()
    await asyncio.gather(*first, *asking)

    assert 7 == numberer.numbered


async def test_an_error_is_told_to_those_who_asked_and_to_nobody_later(numberer):
    """And whoever leaves takes nobody with him."""
    numbering = Numbering(numberer)
    numberer.fails = True
    leaving, *asking = await begun(numbering, 3)
    leaving.cancel()
    numberer.go_on.set()
    told = await asyncio.gather(leaving, *asking, return_exceptions=True)
    numberer.fails = False

    assert [asyncio.CancelledError, LedgerUnavailableError, LedgerUnavailableError] == [type(each) for each in told]
    assert 0 == await numbering()
