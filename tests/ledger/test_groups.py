"""How work is put together before it is committed."""

import asyncio

import pytest

from gateway.ledger.groups import LARGEST, TURNS, Groups
from gateway.ledger.store import LedgerUnavailableError


async def turns(count: int) -> None:
    """Lets the loop turn, which takes no time on any machine."""
    for _ in range(count):
        await asyncio.sleep(0)


class Commits:
    """Takes a while for each group, and remembers it; work that is an exception is a bug, or fails the whole group."""

    def __init__(self) -> None:
        self.groups: list[list[object]] = []

    async def __call__(self, group):
        self.groups.append(list(group))
        await turns(3 * TURNS)
        for work in group:
            if isinstance(work, LedgerUnavailableError):
                raise work
        return [work if isinstance(work, Exception) else f"{work} done" for work in group]


async def soon(groups: Groups, work: object, later: int):
    """Submits work a few turns of the loop later, as a call that the loop has ready does."""
    await turns(later)
    return await groups.submit(work)


async def test_work_gets_its_own_result():
    """Whoever waits is told what became of his work, and not of another's."""
    groups = Groups(Commits(), in_flight=lambda: 3)

    assert ["a done", "b done", "c done"] == list(await asyncio.gather(*(groups.submit(each) for each in "abc")))


@pytest.mark.parametrize(
    ("in_flight", "expected"),
    [
        pytest.param(2, [["a", "b", "c"]], id="with company it waits for what the loop has ready"),
        pytest.param(1, [["a"], ["b", "c"]], id="a lone call waits for nobody"),
    ],
)
async def test_a_group_gathers_while_there_is_company(in_flight, expected):
    """What arrives within a few turns of the loop shares a commit, unless nobody else is on his way."""
    commits = Commits()
    groups = Groups(commits, in_flight=lambda: in_flight)
    await asyncio.gather(soon(groups, "a", 0), soon(groups, "b", TURNS // 2), soon(groups, "c", TURNS // 2 + 1))

    assert expected == commits.groups


async def test_what_comes_during_a_commit_is_the_next_group():
    """One group is made durable at a time."""
    commits = Commits()
    groups = Groups(commits, in_flight=lambda: 1)
    first = asyncio.create_task(groups.submit("a"))
    await turns(TURNS)
    await asyncio.gather(first, *(groups.submit(each) for each in "bc"))

    assert [["a"], ["b", "c"]] == commits.groups


async def test_a_group_has_an_end():
    """However much there is, a commit stays small enough to be quick."""
    commits = Commits()
    groups = Groups(commits, in_flight=lambda: 1)
    await asyncio.gather(*(groups.submit(number) for number in range(LARGEST + 1)))

    assert [LARGEST, 1] == [len(group) for group in commits.groups]


async def test_a_bug_in_one_piece_of_work_is_its_own():
    """The others of the group are committed."""
    groups = Groups(Commits(), in_flight=lambda: 3)
    results = await asyncio.gather(
        groups.submit("a"), groups.submit(RuntimeError("a bug")), groups.submit("b"), return_exceptions=True
    )

    assert ["a done", "RuntimeError", "b done"] == [
        type(each).__name__ if isinstance(each, Exception) else each for each in results
    ]


async def test_a_group_that_fails_fails_for_everybody_and_the_next_goes_on():
    """Each is told the cause in an exception of his own, and whether his work may be there all the same."""
    groups = Groups(Commits(), in_flight=lambda: 3)
    failed = await asyncio.gather(
        groups.submit("a"), groups.submit(LedgerUnavailableError("Full", in_doubt=False)), return_exceptions=True
    )

    assert [("Full", False)] * 2 == [(each.cause, each.in_doubt) for each in failed]
    assert failed[0] is not failed[1]
    assert "b done" == await groups.submit("b")


async def test_whoever_stops_waiting_disturbs_nobody():
    """A cancelled caller's work is done with its group."""
    commits = Commits()
    groups = Groups(commits, in_flight=lambda: 3)
    leaving, staying = asyncio.create_task(groups.submit("a")), asyncio.create_task(groups.submit("b"))
    await turns(2 * TURNS)
    assert [["a", "b"]] == commits.groups
    leaving.cancel()

    assert "b done" == await staying
    assert [["a", "b"]] == commits.groups


async def test_a_drain_waits_for_what_is_queued():
    """Nothing that was taken is left undone."""
    commits = Commits()
    groups = Groups(commits, in_flight=lambda: 1)
    tasks = [asyncio.create_task(groups.submit(each)) for each in "ab"]
    await asyncio.sleep(0)
    await groups.drain()

    assert [["a", "b"]] == commits.groups
    await asyncio.gather(*tasks)
