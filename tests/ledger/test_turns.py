"""Much work for one commit, such as reports about calls to many, holds neither the loop nor the ledger for long."""

import asyncio
import time
from dataclasses import replace

import pytest
from test_groups import Commits
from wishes import reserve, wish

from gateway.ledger import transitions
from gateway.ledger.groups import LARGEST, LONGEST, TURN_EVERY, Groups
from gateway.ledger.sqlite.store import SqliteStore
from gateway.ledger.store import Filter

MANY = 60
EACH = 2 * TURN_EVERY
"""Seconds that a change takes: so many take several times as long as one commit may."""


def slowly(store, request_id="request-1", begun=None):
    """Reserves, or adds an attempt to what is reserved, by a change that takes a while."""
    wanted = wish(request_id)

    def change(record, now):
        time.sleep(EACH)
        if begun is not None:
            begun.append(request_id)
        if record is None:
            return transitions.reserve(None, wanted, now)
        return replace(record, attempt=record.attempt + 1)

    return store.change(wanted.key, change)


class Begun(list[str]):
    """Which changes were begun; tells when there are two."""

    def __init__(self):
        super().__init__()
        self.two = asyncio.Event()

    def append(self, name):
        super().append(name)
        if len(self) == 2:
            self.two.set()


@pytest.fixture
def names():
    return [f"request-{number:03}" for number in range(MANY)]


async def test_the_loop_has_a_turn_between_changes(store, names):
    """Whoever else there is goes on meanwhile; each change is made once, in its order."""
    turns, begun, seen = 0, [], []

    class Noting(list):
        def append(self, name):
            begun.append(name)
            seen.append(turns)

    changing = asyncio.gather(*(slowly(store, name, Noting()) for name in names))
    while not changing.done():
        turns += 1
        await asyncio.sleep(0)
    changed = await changing

    assert names == begun == [each.record.request_id for each in changed if each.is_mine]
    assert MANY == len(set(seen))
    assert names[::-1] == [each.request_id for each in await store.page(Filter(account="default"), MANY)]


async def test_a_commit_ends_after_a_while(store, names):
    """Whoever came first is answered while others wait, and the ledger's locks are free in between."""
    begun = []
    changing = [asyncio.create_task(slowly(store, name, begun)) for name in names]
    await changing[0]
    first = len(begun)
    await asyncio.gather(*changing)

    assert LONGEST / EACH - 1 <= first + 1 < MANY
    assert names == begun


async def test_changes_of_one_record_build_on_each_other_over_commits(store):
    """None is lost where one commit ends and the next begins."""
    changed = await asyncio.gather(*(slowly(store) for _ in range(MANY)))

    assert [*range(1, MANY + 1)] == [each.record.attempt for each in changed]
    assert MANY == (await store.find(wish().key)).attempt


async def test_whoever_leaves_in_a_turn_takes_nothing_along(store, names):
    """A caller that stops waiting, and a close that is given up: every change is made."""
    begun = Begun()
    changing = [asyncio.create_task(slowly(store, name, begun)) for name in names]
    await begun.two.wait()
    closing = asyncio.create_task(store.close())
    await asyncio.sleep(0)
    for leaving in (changing[1], changing[-1], closing):
        leaving.cancel()
    async with asyncio.timeout(60):
        left = await asyncio.gather(*changing, return_exceptions=True)

    assert MANY - 2 == sum(getattr(each, "is_mine", False) for each in left)
    assert names == sorted(each.request_id for each in await store.page(Filter(account="default"), MANY))


async def test_a_group_that_is_cut_off_in_a_turn_is_not_half_made(tmp_path, clock, names):
    """As when the loop ends: nothing of it is in the file, and what comes then is not disturbed."""
    store = SqliteStore(tmp_path / "ledger.db", create=True, in_flight=lambda: 0, now=clock)
    await store.open()
    await reserve(store, wish("request-before"))
    begun = Begun()
    changing = [asyncio.create_task(slowly(store, name, begun)) for name in names[:5]]
    await begun.two.wait()
    store._writer._groups._runner.cancel()
    await asyncio.sleep(0)
    after = await reserve(store, wish("request-after"))
    found = await store.page(Filter(account="default"), MANY)
    await store.close()
    for task in changing:
        task.cancel()
    await asyncio.gather(*changing, return_exceptions=True)

    assert after.is_mine
    assert ["request-after", "request-before"] == [each.request_id for each in found]


class Slow(Commits):
    """Commits at most so many at a time."""

    async def __call__(self, group):
        return (await super().__call__(group))[:4]


async def test_what_a_commit_leaves_is_next():
    """Before what came later; and where little was done, no more than twice that is tried."""
    commits = Slow()
    groups = Groups(commits, in_flight=lambda: 1)
    first = asyncio.gather(*(groups.submit(number) for number in range(LARGEST)))
    await asyncio.sleep(0.005)
    later = asyncio.create_task(groups.submit("later"))

    assert [f"{number} done" for number in range(LARGEST)] == await first
    assert "later done" == await later
    assert [0, 4, 8, 12] == [group[0] for group in commits.groups[:4]]
    assert [LARGEST, 4, 8, 4] == [len(group) for group in commits.groups[:4]]


async def test_groups_grow_again():
    """Once they are done in time, twice as many are tried, and twice as many again."""

    class SlowAtFirst(Commits):
        async def __call__(self, group):
            results = await super().__call__(group)
            return results[:4] if len(self.groups) == 1 else results

    commits = SlowAtFirst()
    groups = Groups(commits, in_flight=lambda: 1)
    await asyncio.gather(*(groups.submit(number) for number in range(100)))

    assert [100, 4, 8, 16, 32, 36] == [len(group) for group in commits.groups]
